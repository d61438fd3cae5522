"""The header of body envelopes, read."""

import pytest

from app.errors import RecordError
from app.record.body_header import EnvelopeHeader, PartHeader, StoredHeader
from app.record.codec import decode_model
from tests.support.records import REQUEST_ID, STARTED_AT


def test_a_header_is_read_as_it_was_written() -> None:
    """A body's size is that of its object where there is one."""
    stored = StoredHeader(object="bodies/x", size_bytes=9, crc32=1)
    head = EnvelopeHeader(
        tenant="default",
        request_id=REQUEST_ID,
        started_at=STARTED_AT,
        request=PartHeader(content_type="a/b", content_encoding="", length_bytes=3),
        response=PartHeader(content_type="", content_encoding="", length_bytes=0, stored=stored),
    )
    read = decode_model(EnvelopeHeader, head.model_dump_json(exclude_none=True).encode(), 1 << 14)
    assert read == head
    assert read.request is not None
    assert read.response is not None
    assert (read.request.size_bytes, read.response.size_bytes) == (3, 9)


@pytest.mark.parametrize(
    ("data", "reason"), [(b"{", "undecodable"), (b'{"tenant": "default"}', "invalid")]
)
def test_what_is_no_header_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        decode_model(EnvelopeHeader, data, 1 << 14)
    assert caught.value.reason == reason
