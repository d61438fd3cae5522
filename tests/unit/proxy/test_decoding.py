import gzip
import tracemalloc
import zlib

import brotli
import pytest
from backports import zstd

from proxy.decoding import MAX_MEMBERS, PIECE_BYTES, Decoder, coding_names

ZEROS = bytes(100 << 20)
BOMBS = {
    "gzip": gzip.compress(ZEROS),
    "deflate": zlib.compress(ZEROS),
    "br": brotli.compress(ZEROS, quality=5),
    "zstd": zstd.compress(ZEROS),
}
BOMBS["gzip, gzip"] = gzip.compress(BOMBS["gzip"])


def decode(decoder: Decoder, *chunks: bytes) -> bytes:
    data = b"".join(piece for chunk in chunks for piece in decoder.feed(chunk))
    decoder.finish()
    return data


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", []),
        ("identity", []),
        (" GZIP ,, Identity,br", ["gzip", "br"]),
    ],
)
def test_names(value: str, names: list[str]) -> None:
    assert coding_names(value) == names


@pytest.mark.parametrize("encoding", list(BOMBS))
def test_a_bomb_is_stopped_within_one_feed(encoding: str) -> None:
    decoder = Decoder(encoding, 1 << 20)
    tracemalloc.start()
    produced_bytes = sum(len(piece) for piece in decoder.feed(BOMBS[encoding]))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoder.failure == "too_large"
    assert produced_bytes <= 1 << 20
    assert peak_bytes < 4 << 20
    assert list(decoder.feed(BOMBS[encoding])) == []


@pytest.mark.parametrize("encoding", ["compress", "gzip, compress", "gzip," * 5, "é"])
def test_what_is_not_known_is_unsupported(encoding: str) -> None:
    decoder = Decoder(encoding, 100)
    assert decode(decoder, b"abc") == b""
    assert decoder.failure == "unsupported"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "br, gzip"])
def test_an_empty_body_is_complete(encoding: str) -> None:
    decoder = Decoder(encoding, 100)
    assert decode(decoder, b"") == b""
    assert decoder.failure is None


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_garbage_is_a_state(encoding: str) -> None:
    decoder = Decoder(encoding, 100)
    assert decode(decoder, b"\xff\xffthis is not compressed", b"more") == b""
    assert decoder.failure == "garbage"


@pytest.mark.parametrize("tail", [b"\0\0\0", b"\x1f", b"\x1fjunk", b"junk"])
def test_what_follows_a_gzip_member_and_is_none_is_ignored(tail: bytes) -> None:
    decoder = Decoder("gzip", 100)
    whole = gzip.compress(b"abc")
    assert decode(decoder, whole, *(bytes([byte]) for byte in tail), tail) == b"abc"
    assert decoder.failure is None


def test_a_second_member_may_begin_anywhere_and_must_end() -> None:
    member = gzip.compress(b"abc")
    decoder = Decoder("gzip", 100)
    assert decode(decoder, member + member[:1], member[1:] + member[:11]) == b"abcabc"
    assert decoder.failure == "truncated"


@pytest.mark.parametrize(
    ("encoding", "member"),
    [("gzip", gzip.compress(b"")), ("zstd", zstd.compress(b""))],
    ids=["gzip", "zstd"],
)
def test_members_without_end_are_garbage(encoding: str, member: bytes) -> None:
    decoder = Decoder(encoding, 100)
    assert decode(decoder, member * MAX_MEMBERS) == b""
    assert decoder.failure is None
    decoder = Decoder(encoding, 100)
    decode(decoder, member * (MAX_MEMBERS + 1))
    assert decoder.failure == "garbage"


def test_a_zstd_window_larger_than_the_standard_allows_is_refused() -> None:
    level = {
        zstd.CompressionParameter.window_log: 25,
        zstd.CompressionParameter.content_size_flag: 0,
    }
    compressor = zstd.ZstdCompressor(options=level)
    data = compressor.compress(ZEROS[: 40 << 20]) + compressor.flush()
    decoder = Decoder("zstd", 1 << 30)
    assert decode(decoder, data) == b""
    assert decoder.failure == "garbage"


def test_pieces_come_as_soon_as_they_are_there() -> None:
    compressor = zlib.compressobj(wbits=31)
    first = compressor.compress(b"data: a\n\n") + compressor.flush(zlib.Z_SYNC_FLUSH)
    decoder = Decoder("gzip", 100)
    assert b"".join(decoder.feed(first)) == b"data: a\n\n"


def test_what_the_last_byte_leaves_for_a_second_piece_comes_as_well() -> None:
    for size_bytes in range(PIECE_BYTES, PIECE_BYTES + 300):
        compressor = zlib.compressobj(wbits=-15)
        data = compressor.compress(ZEROS[:size_bytes]) + compressor.flush()
        decoder = Decoder("deflate", 1 << 20)
        assert len(decode(decoder, data)) == size_bytes
        assert decoder.failure is None
