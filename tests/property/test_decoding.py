"""Decoders: whatever was encoded comes back in any cut, and nothing at all makes them raise."""

import gzip
import itertools
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from proxy.decoding import Decoder


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate-raw": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "chain": ("gzip, identity, br", lambda data: brotli.compress(gzip.compress(data))),
    "chain-of-three": (
        "deflate,zstd,gzip",
        lambda data: gzip.compress(zstd.compress(zlib.compress(data))),
    ),
}
by_encoder = pytest.mark.parametrize("name", list(ENCODERS))
DATA = st.binary(max_size=300) | st.integers(0, 200_000).map(lambda size: b"ab" * size)


def decoded(encoding: str, chunks: list[bytes], limit: int = 1 << 30) -> tuple[bytes, str | None]:
    decoder = Decoder(encoding, limit)
    data = b"".join(piece for chunk in chunks for piece in decoder.feed(chunk))
    decoder.finish()
    return data, decoder.failure


def cut(data: bytes, positions: list[int]) -> list[bytes]:
    edges = [0, *sorted(at % (len(data) + 1) for at in positions), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@by_encoder
@given(data=DATA, positions=st.lists(st.integers(0, 10_000), max_size=8))
def test_what_was_encoded_comes_back(name: str, data: bytes, positions: list[int]) -> None:
    encoding, encode = ENCODERS[name]
    assert decoded(encoding, cut(encode(data), positions)) == (data, None)


@by_encoder
@given(data=st.binary(min_size=1, max_size=300), keep=st.floats(0.01, 0.99))
def test_what_is_cut_short_is_known_as_such(name: str, data: bytes, keep: float) -> None:
    encoding, encode = ENCODERS[name]
    whole = encode(data)
    part = whole[: max(1, int(len(whole) * keep))]
    found, failure = decoded(encoding, [part])
    assert failure == "truncated"
    assert data.startswith(found)


@by_encoder
@given(chunks=st.lists(st.binary(max_size=80), max_size=6))
def test_garbage_is_a_state(name: str, chunks: list[bytes]) -> None:
    data, failure = decoded(ENCODERS[name][0], chunks, 100_000)
    assert len(data) <= 100_000
    if not any(chunks):
        assert (data, failure) == (b"", None)


@by_encoder
@given(data=st.binary(min_size=20, max_size=300), at=st.floats(0, 1), value=st.integers(1, 255))
def test_a_broken_byte_is_a_state(name: str, data: bytes, at: float, value: int) -> None:
    encoding, encode = ENCODERS[name]
    whole = bytearray(encode(data))
    whole[int(at * (len(whole) - 1))] ^= value
    found, _ = decoded(encoding, [bytes(whole)], 100_000)
    assert len(found) <= 100_000


@by_encoder
@given(data=DATA, limit=st.integers(0, 200_000))
def test_no_more_than_the_limit_comes_out(name: str, data: bytes, limit: int) -> None:
    encoding, encode = ENCODERS[name]
    found, failure = decoded(encoding, [encode(data)], limit)
    assert len(found) <= limit
    assert data.startswith(found)
    if len(data) > limit:
        assert failure == "too_large"
