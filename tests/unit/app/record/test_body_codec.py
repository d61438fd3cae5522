"""Body envelopes as bytes: exact, compressed where it pays, and safe against bombs."""

import json
import os
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from app.errors import RecordError
from app.record.bodies import BodyEnvelope, BodyPart, StoredBody
from app.record.body_codec import check_bodies, decode_bodies, encode_bodies
from tests.support.records import REQUEST_ID, STARTED_AT

TEXT = b'data: {"choices":[{"delta":{"content":"token"}}]}\n\n' * 100
PART = BodyPart("text/event-stream", "", TEXT)
STORED = BodyPart("video/mp4", "", b"", StoredBody("default/2026-03-14/direct/x", 5 << 20, 7))


def envelope(request: BodyPart | None = None, response: BodyPart | None = PART) -> BodyEnvelope:
    return BodyEnvelope("default", REQUEST_ID, STARTED_AT, request, response)


def framed(header: bytes, rest: bytes = b"") -> bytes:
    return b"TRB\x01\x00" + struct.pack(">I", len(header)) + header + rest


every_shape = pytest.mark.parametrize(
    "each",
    [
        envelope(None, None),
        envelope(),
        envelope(BodyPart("application/json", "", b"{}"), None),
        envelope(BodyPart("application/json", "gzip", os.urandom(5000)), PART),
        envelope(BodyPart("", "", b""), BodyPart("", "", b"")),
        envelope(BodyPart("application/json", "", b"x" * (1 << 20)), PART),
        envelope(PART, STORED),
        envelope(STORED, None),
    ],
)


@every_shape
def test_an_envelope_comes_back_as_it_was(each: BodyEnvelope) -> None:
    assert decode_bodies(encode_bodies(each)) == each


@every_shape
def test_its_header_is_read_without_its_bodies(each: BodyEnvelope) -> None:
    header = check_bodies(encode_bodies(each))
    assert (header.tenant, header.request_id) == (each.tenant, each.request_id)
    assert header.started_at == each.started_at
    for part, told in ((each.request, header.request), (each.response, header.response)):
        assert (part is None) == (told is None)
        if part is not None and told is not None:
            assert (told.length_bytes, told.size_bytes) == (len(part.data), part.size_bytes)


@pytest.mark.parametrize("size_bytes", [40, 2000, 300_000, 1_000_000])
def test_what_is_checked_can_be_read_and_the_other_way_round(size_bytes: int) -> None:
    """Flipped bytes, cuts and additions: both refuse, or both read."""
    part = BodyPart("text/plain", "", os.urandom(size_bytes // 2) + b"a" * (size_bytes // 2))
    whole = encode_bodies(envelope(part, PART))
    assert whole[4] == 1
    wrong = [whole[:cut] for cut in (6, len(whole) // 2, len(whole) - 1)]
    wrong += [whole + b"x", whole + whole[5:], whole + zstandard.compress(b"")]
    for at in [*range(64), *range(64, len(whole), max(1, len(whole) // 64))]:
        wrong.append(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
    for value in wrong:
        reasons = []
        for read in (check_bodies, decode_bodies):
            try:
                read(value)
            except RecordError as error:
                reasons.append(error.reason)
        assert len(reasons) in (0, 2), reasons


def test_text_is_compressed_and_noise_is_not() -> None:
    assert len(encode_bodies(envelope())) < len(TEXT) / 5
    noise = os.urandom(4096)
    noisy = encode_bodies(envelope(None, BodyPart("image/png", "", noise)))
    assert noise in noisy


def test_header_values_are_clipped_and_made_writable() -> None:
    odd = envelope(None, BodyPart("text/\udc80plain\x00" + "x" * 2000, "\n", b"body"))
    kept = decode_bodies(encode_bodies(odd)).response
    assert kept is not None
    assert kept.content_type.startswith("text/?plain x")
    assert (len(kept.content_type), kept.content_encoding, kept.data) == (512, " ", b"body")


def test_an_envelope_without_a_valid_identity_is_not_written() -> None:
    with pytest.raises(RecordError, match="request_id"):
        encode_bodies(BodyEnvelope("default", "no id", STARTED_AT, None, None))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = b"TRB\x01\x01" + zstandard.ZstdCompressor().compress(bytes(64 << 20))
    for read in (decode_bodies, check_bodies):
        with pytest.raises(RecordError) as raised:
            read(bomb, max_decoded_bytes=1 << 20)
        assert raised.value.reason == "too_large"


def test_a_bomb_that_hides_its_size_is_refused() -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=False)
    with pytest.raises(RecordError) as raised:
        decode_bodies(b"TRB\x01\x01" + compressor.compress(bytes(64 << 20)))
    assert raised.value.reason == "undecodable"


def test_a_plain_envelope_over_the_limit_is_refused() -> None:
    with pytest.raises(RecordError) as raised:
        decode_bodies(framed(b"{}", b"x" * 4096), max_decoded_bytes=4096)
    assert raised.value.reason == "too_large"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "undecodable"),
        (b"", "undecodable"),
        (b"TRB", "undecodable"),
        (b"ZZZ\x01\x00rest", "undecodable"),
        (b"TRB\x03\x00rest", "unknown_version"),
        (b"TRB\x01\x07rest", "unknown_version"),
        (b"TRB\x01\x00\x00", "undecodable"),
        (b"TRB\x01\x01not zstd", "undecodable"),
        (b"TRB\x01\x00" + struct.pack(">I", 1 << 30), "too_large"),
        (framed(b"not json"), "undecodable"),
        (framed(b"{}"), "invalid"),
    ],
)
def test_a_bad_frame_is_refused_by_its_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as raised:
        decode_bodies(value)
    assert raised.value.reason == reason


def test_lengths_that_do_not_add_up_are_refused() -> None:
    part = {"content_type": "", "content_encoding": "", "length_bytes": 10}
    header = {
        "tenant": "default",
        "request_id": REQUEST_ID,
        "started_at": "2026-03-14T15:09:26Z",
        "request": part,
    }
    whole = framed(json.dumps(header).encode(), b"0123456789")
    request = decode_bodies(whole).request
    assert request is not None
    assert request.data == b"0123456789"
    for broken in (whole[:-1], whole + b"!"):
        with pytest.raises(RecordError, match="its header says"):
            decode_bodies(broken)


def test_only_a_body_that_is_stored_elsewhere_needs_the_later_version() -> None:
    assert encode_bodies(envelope(PART, PART))[3] == 1
    assert encode_bodies(envelope(PART, STORED))[3] == 2


def test_threads_compress_at_the_same_time() -> None:
    """Each with what is its own."""
    bodies = [envelope(None, BodyPart("", "", bytes([n]) * 5000 + TEXT * 50)) for n in range(32)]
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(encode_bodies, bodies * 4))
    assert [decode_bodies(value) for value in values] == bodies * 4
