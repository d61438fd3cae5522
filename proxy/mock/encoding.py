"""Content codings for the mock's answers, each flushed after every piece so that streams stream."""

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import zstandard


class Encoder(Protocol):
    """Encodes one response; equal pieces give equal bytes."""

    def encode(self, piece: bytes) -> bytes:
        """The piece encoded, decodable at once by who has all before it."""

    def end(self) -> bytes:
        """The bytes that close the coding."""


class Identity:
    """No coding at all."""

    def encode(self, piece: bytes) -> bytes:
        """The piece itself."""
        return piece

    def end(self) -> bytes:
        """Nothing."""
        return b""


class Zlib:
    """gzip (RFC 1952) or deflate, which in HTTP is the zlib format (RFC 9110 §8.4.1.2)."""

    def __init__(self, window_bits: int) -> None:
        self._compressor = zlib.compressobj(wbits=window_bits)

    def encode(self, piece: bytes) -> bytes:
        """The piece, flushed to a byte boundary."""
        return self._compressor.compress(piece) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """The last block and the checksum."""
        return self._compressor.flush()


class Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=4)

    def encode(self, piece: bytes) -> bytes:
        """The piece, flushed."""
        return bytes(self._compressor.process(piece) + self._compressor.flush())

    def end(self) -> bytes:
        """The last block."""
        return bytes(self._compressor.finish())


class Zstd:
    """zstd (RFC 8878)."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=3).compressobj()

    def encode(self, piece: bytes) -> bytes:
        """The piece as complete blocks."""
        data = self._compressor.compress(piece)
        return data + self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self) -> bytes:
        """The end of the frame."""
        return self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


ENCODINGS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: Zlib(31),
    "deflate": lambda: Zlib(15),
    "br": Brotli,
    "zstd": Zstd,
}


def encoder(name: str | None) -> Encoder:
    """A fresh encoder; None is no coding. Raises: KeyError for an unknown name."""
    return Identity() if name is None else ENCODINGS[name]()
