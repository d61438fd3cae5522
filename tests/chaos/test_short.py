"""Some of the scenarios in their short form; `make chaos` plays them all, at length."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import SHORT, play
from tests.chaos.proxies import spill_torn
from tests.chaos.workers import worker_killed
from tests.support.kafka import missing

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
@pytest.mark.parametrize("scenario", [worker_killed, spill_torn])
async def test_it_holds(scenario: object, tmp_path: Path) -> None:
    row = await play(scenario, tmp_path, SHORT)  # type: ignore[arg-type]
    assert row.broken == []
