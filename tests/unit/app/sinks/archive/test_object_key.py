"""The names of objects."""

from datetime import date

import pytest

from app.sinks.archive.object_key import object_key
from app.sinks.archive.segment import Source

DAY = date(2026, 3, 4)


def key(epoch: str = "e1", data: bytes = b"data") -> str:
    source = Source(tenant="acme", epoch=epoch, topic="tailrace.bodies", partition=7)
    return object_key(source, DAY, 5, 12, data)


def test_tenant_and_date_come_first_and_offsets_sort() -> None:
    assert key() == (
        "acme/2026-03-04/e1/tailrace.bodies/7/"
        "00000000000000000005-00000000000000000012-3a6eb0790f39ac87"
    )


def test_other_bytes_have_another_name() -> None:
    assert key(data=b"other") != key()
    assert key(epoch="e2") != key()


@pytest.mark.parametrize(
    ("epoch", "part"), [("..", "%2E%2E"), (".", "%2E"), ("a/b", "a%2Fb"), ("a.b", "a.b")]
)
def test_no_part_leads_elsewhere(epoch: str, part: str) -> None:
    assert key(epoch=epoch).split("/")[2] == part
    assert len(key(epoch=epoch).split("/")) == 6
