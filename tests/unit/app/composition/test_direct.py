"""Large bodies go straight to a store where there is one."""

import pytest

from app.composition.direct import Direct
from app.metrics import Metrics
from config import load_settings

STORE = {"TAILRACE_S3__ENDPOINT_URL": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("variables", "kept"),
    [
        ({}, False),
        (STORE, True),
        ({**STORE, "TAILRACE_ARCHIVE__DIRECT_MAX_BYTES": "0"}, False),
        ({**STORE, "TAILRACE_CAPTURE__MAX_BODY_BYTES": str(64 << 20)}, False),
    ],
)
async def test_with_a_store_and_room_above_the_copies(
    variables: dict[str, str], kept: bool
) -> None:
    direct = Direct(load_settings(variables), Metrics())
    assert (direct.uploads is not None) == kept
    await direct.stop()
    await direct.stop()


async def test_the_limits_are_those_of_the_settings() -> None:
    given = {
        **STORE,
        "TAILRACE_ARCHIVE__DIRECT_MAX_BYTES": str(9 << 20),
        "TAILRACE_ARCHIVE__DIRECT_UPLOADS": "3",
        "TAILRACE_ARCHIVE__DIRECT_BUFFER_BYTES": str(16 << 20),
    }
    direct = Direct(load_settings(given), Metrics())
    assert direct.uploads is not None
    limits = direct.uploads.limits
    assert (limits.max_bytes, limits.uploads, limits.buffer_bytes) == (9 << 20, 3, 16 << 20)
    await direct.stop()
