"""The message on the topic `archived`."""

import pytest

from app.errors import RecordError
from app.record.archived import ArchivedBodies
from app.record.codec import decode_archived, encode_archived
from tests.support.records import REQUEST_ID, STARTED_AT

PLACE = ArchivedBodies(
    tenant="acme",
    request_id=REQUEST_ID,
    object="acme/2026-03-14/e/t/0/1-2-abc",
    offset=4,
    length=900,
    response_bytes=0,
    started_at=STARTED_AT,
    archived_at=STARTED_AT,
)


def test_it_comes_back_and_a_side_that_is_not_there_is_left_out() -> None:
    value = encode_archived(PLACE)
    assert decode_archived(value) == PLACE
    assert b"request_bytes" not in value
    assert b'"response_bytes":0' in value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "undecodable"),
        (b"{", "undecodable"),
        (b"{}", "invalid"),
        (encode_archived(PLACE).replace(b'"offset":4', b'"offset":-4'), "invalid"),
        (b" " * (1 << 17), "too_large"),
    ],
)
def test_what_is_none_is_refused_by_its_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as raised:
        decode_archived(value)
    assert raised.value.reason == reason
