"""The Metadata v12 messages, against bytes laid out by hand from Kafka's message definitions."""

from io import BytesIO
from uuid import UUID

from app.engine.topic_ids import MetadataResponseV12, TopicIdRequest, Uuid

TOPIC_ID = UUID("2bacc879-667e-4f5d-bb52-a201a5c018ff")


def test_request_bytes() -> None:
    """One topic by name: nil id, compact name (length + 1), no tags, nothing created."""
    request = TopicIdRequest(["ab"]).prepare({3: (0, 13)})
    expected = b"\x02" + bytes(16) + b"\x03ab" + b"\x00" + b"\x00\x00\x00"
    assert request.encode() == expected


def test_response_bytes() -> None:
    """One broker, one topic without partitions: the id comes out."""
    broker = b"\x00\x00\x00\x01" + b"\x02h" + b"\x00\x00\x00\x09" + b"\x00" + b"\x00"
    topic = b"\x00\x00" + b"\x03ab" + TOPIC_ID.bytes + b"\x00" + b"\x01" + bytes(4) + b"\x00"
    raw = bytes(4) + b"\x02" + broker + b"\x02c" + bytes(4) + b"\x02" + topic + b"\x00"
    decoded = MetadataResponseV12.decode(raw).to_object()
    assert decoded["topics"][0]["name"] == "ab"
    assert UUID(bytes=decoded["topics"][0]["topic_id"]) == TOPIC_ID


def test_uuid_is_sixteen_raw_bytes() -> None:
    """Neither length nor byte order is added."""
    assert Uuid.decode(BytesIO(Uuid.encode(TOPIC_ID.bytes))) == TOPIC_ID.bytes
