"""The bytes of a spill segment: a header, then one frame per message. Sans-I/O.

    segment = header header frame*          the header twice: one bad byte must not cost a segment
    header  = magic version kind sync created_ms producer crc32                       64 bytes
    frame   = sync length crc32 topic_bytes key_bytes topic key value      22 bytes before topic

`sync` is eight random bytes of the segment's own, and the checksum covers sync, the frame's offset
and its lengths: bytes of a message that look like a frame are none, wherever they lie. Integers are
big-endian.

Reading stops at nothing. A frame whose checksum is wrong ends the good part; what lies between it
and the next frame that checks is a `Gap`, and its messages are lost (counted by the `sync` marks in
it, one at least). A gap that reaches the end because its frame was not written whole, or is
nothing but zeros, is torn: an append that never returned, so nobody was told it was kept.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Literal, NamedTuple
from zlib import crc32

from proxy.publisher.outgoing import Outgoing

Kind = Literal["records", "bodies"]
KINDS: tuple[Kind, ...] = ("records", "bodies")
MAGIC = b"TRSPILL\n"
VERSION = 1
SYNC_BYTES = 8
PRODUCER_BYTES = 32
MAX_TOPIC_BYTES = 0xFFFF
MAX_MESSAGE_BYTES = 32 << 20

_HEADER = Struct(f">{len(MAGIC)}sBBxx{SYNC_BYTES}sQ{PRODUCER_BYTES}s")
_CRC = Struct(">I")
_FRAME = Struct(f">{SYNC_BYTES}sIIHI")
_CHECKED = Struct(f">{SYNC_BYTES}sQIHI")
HEADER_BYTES = _HEADER.size + _CRC.size
DATA_START = 2 * HEADER_BYTES
FRAME_BYTES = _FRAME.size


class Header(NamedTuple):
    """What a segment says of itself; `version` may be one this code cannot read."""

    version: int
    kind: Kind
    sync: bytes
    created_ms: int
    producer: str


class Frame(NamedTuple):
    """One message, and where the next frame begins."""

    end: int
    message: Outgoing


class Gap(NamedTuple):
    """Bytes that are no frame; `lost_messages` is an estimate, 0 where the gap is torn."""

    start: int
    end: int
    torn: bool
    lost_messages: int


def encode_header(header: Header) -> bytes:
    """The first `DATA_START` bytes of a segment; a long producer is cut."""
    producer = header.producer.encode()[:PRODUCER_BYTES]
    packed = _HEADER.pack(
        MAGIC,
        header.version,
        KINDS.index(header.kind),
        header.sync,
        header.created_ms,
        producer,
    )
    return (packed + _CRC.pack(crc32(packed))) * 2


def decode_header(data: bytes) -> Header | None:
    """The header, from whichever of its two copies checks; None if neither does."""
    for start in (0, HEADER_BYTES):
        packed = data[start : start + _HEADER.size]
        checksum = data[start + _HEADER.size : start + HEADER_BYTES]
        if len(checksum) < _CRC.size or checksum != _CRC.pack(crc32(packed)):
            continue
        magic, version, kind, sync, created_ms, producer = _HEADER.unpack(packed)
        if magic == MAGIC and kind < len(KINDS):
            name = producer.rstrip(b"\0").decode(errors="replace")
            return Header(version, KINDS[kind], sync, created_ms, name)
    return None


def fits(message: Outgoing) -> bool:
    """Whether a message can be framed at all."""
    size_bytes = len(message.key) + len(message.value)
    return size_bytes <= MAX_MESSAGE_BYTES and len(message.topic.encode()) <= MAX_TOPIC_BYTES


def encode_frame(sync: bytes, offset: int, message: Outgoing) -> tuple[bytes, bytes]:
    """The frame of a message at `offset`, in two parts so that the value is not copied."""
    topic, key, value = message.topic.encode(), message.key, message.value
    length = len(topic) + len(key) + len(value)
    names = topic + key
    checked = _CHECKED.pack(sync, offset, length, len(topic), len(key))
    checksum = crc32(value, crc32(names, crc32(checked)))
    return _FRAME.pack(sync, length, checksum, len(topic), len(key)) + names, value


def scan(data: bytes, sync: bytes, start: int = DATA_START) -> Iterator[Frame | Gap]:
    """Everything from `start` on, in order: frames that check, and the gaps between them."""
    offset = start
    while offset < len(data):
        frame = frame_at(data, sync, offset)
        if frame is not None:
            yield frame
            offset = frame.end
            continue
        end = _next_frame(data, sync, offset + 1)
        yield _gap(data, sync, offset, end)
        offset = end


def frame_at(data: bytes, sync: bytes, offset: int) -> Frame | None:
    """The frame that begins at `offset`; None if there is none that checks."""
    names_start = offset + FRAME_BYTES
    if len(data) < names_start or not data.startswith(sync, offset):
        return None
    _, length, checksum, topic_bytes, key_bytes = _FRAME.unpack_from(data, offset)
    key_start, value_start = names_start + topic_bytes, names_start + topic_bytes + key_bytes
    end = names_start + length
    if not value_start <= end <= len(data):
        return None
    value = data[value_start:end]
    checked = _CHECKED.pack(sync, offset, length, topic_bytes, key_bytes)
    if crc32(value, crc32(data[names_start:value_start], crc32(checked))) != checksum:
        return None
    topic = data[names_start:key_start].decode(errors="replace")
    return Frame(end, Outgoing(topic, data[key_start:value_start], value))


def _next_frame(data: bytes, sync: bytes, start: int) -> int:
    """Where the next frame that checks begins, or the end."""
    offset = data.find(sync, start)
    while offset >= 0:
        if frame_at(data, sync, offset) is not None:
            return offset
        offset = data.find(sync, offset + 1)
    return len(data)


def _gap(data: bytes, sync: bytes, start: int, end: int) -> Gap:
    torn = end == len(data) and _is_torn(data, sync, start)
    lost_messages = 0 if torn else max(1, data.count(sync, start, end))
    return Gap(start, end, torn, lost_messages)


def _is_torn(data: bytes, sync: bytes, start: int) -> bool:
    """Whether what begins at `start` is a frame that was not written whole."""
    if data.count(0, start) == len(data) - start:
        return True
    if not sync.startswith(data[start : start + SYNC_BYTES]):
        return False
    if len(data) - start < FRAME_BYTES:
        return True
    _, length, *_ = _FRAME.unpack_from(data, start)
    torn: bool = start + FRAME_BYTES + length > len(data)
    return torn
