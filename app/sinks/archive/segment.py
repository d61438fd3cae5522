"""The segment: many exchanges' bodies as one immutable object, each readable by one ranged read.

    object  = "TRS" | version u8 = 1 | member* | index | footer
    member  = "TRM" | version u8 = 1 | crc32 u32 of the message | message
    index   = JSON, compressed by zstd: the source, and for each member its id, place and sizes
    footer  = index offset u64 | index length u32 | index crc32 u32 | members u32
              | crc32 u32 of these 20 bytes | "TRSE"

All numbers are big-endian. A message is a body envelope as it came on the topic (`body_codec`): a
zstd frame of its own, or plain where that gains nothing; compressing it anew, harder, was measured
to gain less than 1 % on bodies of 4 KB. The locations of members are kept elsewhere too; by its
index an object can be read without them. Every byte is covered by a checksum or compared with what
it must be, so what is read is what was written, or a `SegmentError`.
"""

import struct
from dataclasses import dataclass
from zlib import crc32

import zstandard
from pydantic import ValidationError

from app.errors import RecordError, SegmentError
from app.record.bodies import BodyEnvelope
from app.record.body_codec import decode_bodies
from app.record.body_header import EnvelopeHeader, PartHeader
from app.record.fields import Count, RequestId, Tenant, UtcTime
from app.record.model import WireModel

HEAD = b"TRS\x01"
MEMBER = b"TRM\x01"
END = b"TRSE"
INDEX_LEVEL = 3
MAX_INDEX_BYTES = 256 << 20
_CRC = struct.Struct(">I")
_PLACE = struct.Struct(">QIII")
FOOTER_BYTES = _PLACE.size + _CRC.size + len(END)


class Source(WireModel):
    """Whose bodies an object holds, and where their messages were read."""

    tenant: Tenant
    epoch: str
    topic: str
    partition: Count


class Member(WireModel):
    """One exchange in an object: where its member lies, and what it holds.

    Absent sizes mean that the side is not in it: it was empty, or not kept.
    """

    request_id: RequestId
    started_at: UtcTime
    source_offset: Count
    offset: Count
    length: Count
    request_bytes: Count | None = None
    response_bytes: Count | None = None


class Index(WireModel):
    """What an object holds."""

    source: Source
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The bytes of an index within its object."""

    offset: int
    length: int
    crc: int
    members: int


class SegmentBuilder:
    """Gathers members in the order given; holds no more than the object's own bytes."""

    def __init__(self, source: Source) -> None:
        """An object without members."""
        self._source = source
        self._pieces = [HEAD]
        self._size_bytes = len(HEAD)
        self._members: list[Member] = []

    def add(self, header: EnvelopeHeader, message: bytes, source_offset: int) -> None:
        """Add a message that was checked; `header` is its own."""
        piece = b"".join((MEMBER, _CRC.pack(crc32(message)), message))
        self._members.append(
            Member(
                request_id=header.request_id,
                started_at=header.started_at,
                source_offset=source_offset,
                offset=self._size_bytes,
                length=len(piece),
                request_bytes=_size(header.request),
                response_bytes=_size(header.response),
            )
        )
        self._pieces.append(piece)
        self._size_bytes += len(piece)

    def finish(self) -> tuple[bytes, tuple[Member, ...]]:
        """The object, and its members."""
        index = Index(source=self._source, members=tuple(self._members))
        text = index.__pydantic_serializer__.to_json(index, exclude_none=True)
        data = zstandard.ZstdCompressor(level=INDEX_LEVEL).compress(text)
        place = _PLACE.pack(self._size_bytes, len(data), crc32(data), len(self._members))
        footer = (place, _CRC.pack(crc32(place)), END)
        return b"".join((*self._pieces, data, *footer)), index.members


def read_member(data: bytes) -> BodyEnvelope:
    """The bodies in the bytes of one member. Raises: SegmentError."""
    start = len(MEMBER) + _CRC.size
    if len(data) < start or data[: len(MEMBER) - 1] != MEMBER[:-1]:
        raise SegmentError("not a member of a segment")
    if data[: len(MEMBER)] != MEMBER:
        raise SegmentError(f"member version {data[len(MEMBER) - 1]}")
    message = data[start:]
    if _CRC.unpack_from(data, len(MEMBER))[0] != crc32(message):
        raise SegmentError("a member's checksum is wrong")
    try:
        return decode_bodies(message)
    except RecordError as exc:
        raise SegmentError(f"a member cannot be read: {exc}") from exc


def read_footer(tail: bytes, object_bytes: int) -> Place:
    """Where the index is, told by the last `FOOTER_BYTES` of an object. Raises: SegmentError."""
    if len(tail) != FOOTER_BYTES or not tail.endswith(END):
        raise SegmentError("not the end of a segment")
    if _CRC.unpack_from(tail, _PLACE.size)[0] != crc32(tail[: _PLACE.size]):
        raise SegmentError("the footer's checksum is wrong")
    offset, length, crc, members = _PLACE.unpack_from(tail)
    if offset < len(HEAD) or offset + length + FOOTER_BYTES != object_bytes:
        raise SegmentError("the index does not lie where the footer says")
    return Place(offset, length, crc, members)


def read_index(data: bytes, place: Place) -> Index:
    """The index in the bytes at its place. Raises: SegmentError."""
    if len(data) != place.length or crc32(data) != place.crc:
        raise SegmentError("the index's checksum is wrong")
    try:
        if zstandard.frame_content_size(data) > MAX_INDEX_BYTES:
            raise SegmentError("the index is too large")
        text = zstandard.ZstdDecompressor().decompress(data)
        index: Index = Index.__pydantic_validator__.validate_json(text, strict=True)
    except (zstandard.ZstdError, ValidationError) as exc:
        raise SegmentError(f"the index cannot be read: {type(exc).__name__}") from exc
    if len(index.members) != place.members:
        raise SegmentError(f"{len(index.members)} members, the footer says {place.members}")
    return index


def read_segment(data: bytes) -> tuple[Index, list[BodyEnvelope]]:
    """All of an object: for tools and tests. Raises: SegmentError."""
    if data[: len(HEAD)] != HEAD:
        raise SegmentError("not a segment of a version that is known")
    place = read_footer(data[-FOOTER_BYTES:], len(data))
    index = read_index(data[place.offset : place.offset + place.length], place)
    return index, [
        read_member(data[each.offset : each.offset + each.length]) for each in index.members
    ]


def _size(part: PartHeader | None) -> int | None:
    return None if part is None else part.size_bytes
