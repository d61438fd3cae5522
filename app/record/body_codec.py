"""The body envelope as bytes: a small frame, compressed as a whole unless that gains nothing.

    "TRB" | version u8 = 1 or 2 | coding u8 (0 plain, 1 zstd) | payload
    payload = header length u32 big-endian | header JSON | request bytes | response bytes

The header names the exchange and, for each side that is there, its content type, content encoding
and length. In version 2 a side may have no bytes here, and name the object that holds them instead;
it is written only where there is one. Decoding allocates no more than its limit, whatever the frame
claims.
"""

import struct
import sys
import threading
from typing import Final

import zstandard

from app.errors import RecordError
from app.record.bodies import BodyEnvelope, BodyPart, StoredBody
from app.record.body_header import EnvelopeHeader, PartHeader
from app.record.codec import decode_model
from app.record.header_json import header_json

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC: Final = b"TRB"
VERSION, VERSION_STORED = 1, 2
PLAIN, ZSTD = 0, 1
ZSTD_LEVEL: Final = 1
COMPRESS_FROM_BYTES: Final = 256
MAX_HEADER_BYTES: Final = 16_384
MAX_DECODED_BYTES: Final = (128 << 20) + MAX_HEADER_BYTES
_CHUNK_BYTES: Final = 256 << 10
_NOTHING: Final = BodyPart("", "", b"")
_PREFIX: Final = struct.Struct(">3sBB")
_LENGTH: Final = struct.Struct(">I")

# Not a class of ours: compiled, its attributes would be those of all threads.
_OF_THREAD: Final = threading.local()


def encode_bodies(envelope: BodyEnvelope) -> bytes:
    """The envelope as one message; header values are clipped. Raises: RecordError (`invalid`)."""
    head = header_json(envelope)
    request, response = envelope.request or _NOTHING, envelope.response or _NOTHING
    payload = b"%b%b%b%b" % (_LENGTH.pack(len(head)), head, request.data, response.data)
    version = VERSION_STORED if request.stored or response.stored else VERSION
    if len(payload) >= COMPRESS_FROM_BYTES:
        compressed = _compressed(payload)
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


def _compressed(payload: bytes) -> bytes:
    """By a compressor of this thread's: making one costs more than to compress a small body."""
    try:
        compressor = _OF_THREAD.compressor
    except AttributeError:
        compressor = _OF_THREAD.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    compressed: bytes = compressor.compress(payload)
    return compressed


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
    header = decode_model(EnvelopeHeader, payload[_LENGTH.size : body_start], MAX_HEADER_BYTES)
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


def _part(header: PartHeader | None, data: bytes) -> BodyPart | None:
    if header is None:
        return None
    stored = None if header.stored is None else StoredBody(**header.stored.model_dump())
    return BodyPart(header.content_type, header.content_encoding, data, stored)
