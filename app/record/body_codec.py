"""The body envelope as bytes: a small frame, compressed as a whole unless that gains nothing.

    "TRB" | version u8 = 1 or 2 | coding u8 (0 plain, 1 zstd) | payload
    payload = header length u32 big-endian | header JSON | request bytes | response bytes

The header names the exchange and, for each side that is there, its content type, content encoding
and length. In version 2 a side may have no bytes here, and name the object that holds them instead;
it is written only where there is one. Decoding allocates no more than its limit, whatever the frame
claims.
"""

import re
import struct
import sys
import threading
from dataclasses import asdict
from datetime import UTC

import orjson
import zstandard
from pydantic import ValidationError

from app.errors import RecordError
from app.record.bodies import BodyEnvelope, BodyPart, StoredBody
from app.record.codec import invalid
from app.record.fields import (
    CONTROL,
    EARLIEST_YEAR,
    LATEST_YEAR,
    REQUEST_ID_PATTERN,
    TENANT_PATTERN,
    Count,
    Line,
    RequestId,
    Tenant,
    UtcTime,
)
from app.record.model import WireModel

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC = b"TRB"
VERSION, VERSION_STORED = 1, 2
PLAIN, ZSTD = 0, 1
ZSTD_LEVEL = 1
COMPRESS_FROM_BYTES = 256
MAX_HEADER_BYTES = 16_384
MAX_DECODED_BYTES = (128 << 20) + MAX_HEADER_BYTES
_MAX_HEADER_VALUE_CHARS = 512
_CHUNK_BYTES = 256 << 10
_PREFIX = struct.Struct(">3sBB")
_LENGTH = struct.Struct(">I")
_TENANT = re.compile(TENANT_PATTERN)
_REQUEST_ID = re.compile(REQUEST_ID_PATTERN)


class _Compressing(threading.local):
    """A compressor for each thread: making one costs more than to compress a small body."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress


_COMPRESSING = _Compressing()


class StoredHeader(WireModel):
    """The object that holds one side's bytes."""

    object: Line
    size_bytes: Count
    crc32: Count


class PartHeader(WireModel):
    """What is needed to read one side's bytes; `length_bytes` of them are in the envelope."""

    content_type: Line
    content_encoding: Line
    length_bytes: Count
    stored: StoredHeader | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes the body has, wherever they are."""
        return self.length_bytes if self.stored is None else self.stored.size_bytes


class EnvelopeHeader(WireModel):
    """The identity of the exchange and the sides that follow."""

    tenant: Tenant
    request_id: RequestId
    started_at: UtcTime
    request: PartHeader | None = None
    response: PartHeader | None = None


def encode_bodies(envelope: BodyEnvelope) -> bytes:
    """The envelope as one message; header values are clipped. Raises: RecordError (`invalid`)."""
    head = _head(envelope)
    parts = [part for part in (envelope.request, envelope.response) if part is not None]
    payload = b"".join([_LENGTH.pack(len(head)), head, *(part.data for part in parts)])
    version = VERSION_STORED if any(part.stored for part in parts) else VERSION
    if len(payload) >= COMPRESS_FROM_BYTES:
        compressed = _COMPRESSING.compress(payload)
        if len(compressed) < len(payload):
            return _PREFIX.pack(MAGIC, version, ZSTD) + compressed
    return _PREFIX.pack(MAGIC, version, PLAIN) + payload


def decode_bodies(value: bytes | None, max_decoded_bytes: int = MAX_DECODED_BYTES) -> BodyEnvelope:
    """The envelope in a message's value. Raises: RecordError."""
    data, coding = _data(value, max_decoded_bytes)
    payload = data if coding == PLAIN else _decompressed(data)
    return _envelope(payload, _LENGTH.size + _head_bytes(payload))


def check_bodies(value: bytes | None, max_decoded_bytes: int = MAX_DECODED_BYTES) -> EnvelopeHeader:
    """The header of a value that `decode_bodies` can read, without ever holding all of its bodies.

    Raises: RecordError, where `decode_bodies` would.
    """
    data, coding = _data(value, max_decoded_bytes)
    size_bytes = len(data) if coding == PLAIN else _declared_size(data)
    if coding == PLAIN or size_bytes <= _CHUNK_BYTES:
        payload = data if coding == PLAIN else _decompressed(data)
        return _header(payload, _LENGTH.size + _head_bytes(payload), len(payload))
    decoder = zstd.ZstdDecompressor()
    try:
        start = decoder.decompress(data, _CHUNK_BYTES)
        read_bytes = len(start)
        while not decoder.eof and not decoder.needs_input:
            read_bytes += len(decoder.decompress(b"", _CHUNK_BYTES))
    except zstd.ZstdError as exc:
        raise RecordError("undecodable", f"zstd: {exc}") from exc
    if not decoder.eof or decoder.unused_data:
        raise RecordError("undecodable", "zstd: not exactly one whole frame")
    return _header(start, _LENGTH.size + _head_bytes(start), read_bytes)


def _data(value: bytes | None, max_decoded_bytes: int) -> tuple[bytes, int]:
    """What follows the prefix, and how it is coded; it decodes to no more than the limit."""
    if value is None or len(value) < _PREFIX.size:
        raise RecordError("undecodable", "no value, or one too short for its prefix")
    magic, version, coding = _PREFIX.unpack_from(value)
    if magic != MAGIC:
        raise RecordError("undecodable", "not a body envelope")
    if version not in (VERSION, VERSION_STORED):
        raise RecordError("unknown_version", f"body envelope version {version}")
    if coding not in (PLAIN, ZSTD):
        raise RecordError("unknown_version", f"body envelope coding {coding}")
    data = value[_PREFIX.size :]
    size_bytes = len(data) if coding == PLAIN else _declared_size(data)
    if size_bytes > max_decoded_bytes:
        raise RecordError("too_large", f"{size_bytes} bytes, at most {max_decoded_bytes} are read")
    return data, coding


def _head_bytes(payload: bytes) -> int:
    if len(payload) < _LENGTH.size:
        raise RecordError("undecodable", "truncated before its header")
    head_bytes: int = _LENGTH.unpack_from(payload)[0]
    if head_bytes > MAX_HEADER_BYTES:
        raise RecordError("too_large", f"a header of {head_bytes} bytes")
    return head_bytes


def _decompressed(data: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as exc:
        raise RecordError("undecodable", f"zstd: {exc}") from exc


def _declared_size(data: bytes) -> int:
    try:
        size_bytes = zstandard.frame_content_size(data)
    except zstandard.ZstdError as exc:
        raise RecordError("undecodable", f"zstd: {exc}") from exc
    if size_bytes < 0:
        raise RecordError("undecodable", "zstd: the frame does not say how long it is")
    return size_bytes


def _header(payload: bytes, body_start: int, payload_bytes: int) -> EnvelopeHeader:
    """The header at the start of a payload that is `payload_bytes` long."""
    try:
        header: EnvelopeHeader = EnvelopeHeader.__pydantic_validator__.validate_json(
            payload[_LENGTH.size : body_start], strict=True
        )
    except ValidationError as exc:
        raise invalid(exc) from exc
    sides = [part.length_bytes for part in (header.request, header.response) if part is not None]
    if (end := body_start + sum(sides)) != payload_bytes:
        raise RecordError("undecodable", f"{payload_bytes} bytes, its header says {end}")
    return header


def _envelope(payload: bytes, body_start: int) -> BodyEnvelope:
    header = _header(payload, body_start, len(payload))
    response_start = body_start + (header.request.length_bytes if header.request else 0)
    return BodyEnvelope(
        tenant=header.tenant,
        request_id=header.request_id,
        started_at=header.started_at,
        request=_part(header.request, payload[body_start:response_start]),
        response=_part(header.response, payload[response_start:]),
    )


def _head(envelope: BodyEnvelope) -> bytes:
    """The header's JSON: as `EnvelopeHeader` writes it, without making one where all is sound."""
    parts = {
        side: _part_header(part)
        for side, part in (("request", envelope.request), ("response", envelope.response))
        if part is not None
    }
    fields = {
        "tenant": envelope.tenant,
        "request_id": envelope.request_id,
        "started_at": envelope.started_at,
    }
    if _is_sound(envelope):
        return orjson.dumps(fields | parts, option=orjson.OPT_UTC_Z)
    try:
        header = EnvelopeHeader.model_validate(fields | parts)
    except ValidationError as exc:
        raise invalid(exc) from exc
    return header.__pydantic_serializer__.to_json(header, exclude_none=True)


def _is_sound(envelope: BodyEnvelope) -> bool:
    """Whether the model would take it as it is."""
    return (
        _TENANT.fullmatch(envelope.tenant) is not None
        and _REQUEST_ID.fullmatch(envelope.request_id) is not None
        and envelope.started_at.tzinfo is UTC
        and EARLIEST_YEAR <= envelope.started_at.year <= LATEST_YEAR
        and (envelope.request is None or envelope.request.stored is None)
        and (envelope.response is None or envelope.response.stored is None)
    )


def _part_header(part: BodyPart) -> dict[str, object]:
    header: dict[str, object] = {
        "content_type": _clipped(part.content_type),
        "content_encoding": _clipped(part.content_encoding),
        "length_bytes": len(part.data),
    }
    if part.stored is not None:
        header["stored"] = asdict(part.stored)
    return header


def _part(header: PartHeader | None, data: bytes) -> BodyPart | None:
    if header is None:
        return None
    stored = None if header.stored is None else StoredBody(**header.stored.model_dump())
    return BodyPart(header.content_type, header.content_encoding, data, stored)


def _clipped(value: str) -> str:
    if value.isascii() and value.isprintable() and len(value) <= _MAX_HEADER_VALUE_CHARS:
        return value
    text = value[:_MAX_HEADER_VALUE_CHARS].encode("utf-8", "replace").decode()
    return CONTROL.sub(" ", text)
