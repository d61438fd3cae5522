"""Content codings undone piece by piece, under a limit (RFC 9110 §8.4).

gzip (RFC 1952, several members), deflate (zlib, RFC 1950, and the raw form that some servers send),
br (RFC 7932), zstd (RFC 8878 with the window of RFC 9659), and chains such as `gzip, br`, which are
undone from the last to the first. Nothing is inflated by more than one piece ahead of its reader,
and what goes wrong is a state, never an exception.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Literal, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Failure = Literal["unsupported", "garbage", "truncated", "too_large"]

PIECE_BYTES: Final = 64 << 10
MAX_CODINGS: Final = 4
GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_OPTIONS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}
MAX_MEMBERS: Final = 1024
_FOREIGN_ERRORS: Final = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


class Coding(Protocol):
    """One coding being undone."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What the data decodes to, piece by piece. Raises: the library's own error."""

    def complete(self) -> bool:
        """Whether the data may end here."""


class Decoder:
    """Undoes a whole `Content-Encoding`; `failure` says why it gave up, None while all is well."""

    def __init__(self, content_encoding: str, max_output_bytes: int) -> None:
        self.failure: Failure | None = None
        self._max_output_bytes = max_output_bytes
        self._codings: list[Coding] = []
        names = coding_names(content_encoding)
        if len(names) > MAX_CODINGS or not all(name in CODINGS for name in names):
            self.failure = "unsupported"
        else:
            self._codings = [CODINGS[name]() for name in reversed(names)]
        self._output_bytes = [0] * len(self._codings)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded pieces, none any more after a failure. Never raises.

        Stops with `too_large` where any coding's output exceeds the limit.
        """
        if self.failure is not None:
            return
        try:
            # Libraries copy what they have not consumed yet: long input is given in short pieces.
            for start in range(0, len(data), PIECE_BYTES):
                yield from self._undo(data[start : start + PIECE_BYTES], 0)
        except _FOREIGN_ERRORS:
            self.failure = "garbage"

    def finish(self) -> None:
        """Tell that no more comes: an unfinished coding becomes the failure `truncated`."""
        if self.failure is None and not all(coding.complete() for coding in self._codings):
            self.failure = "truncated"

    def _undo(self, data: bytes, depth: int) -> Iterator[bytes]:
        if self.failure is not None:
            return
        if depth == len(self._codings):
            yield data
            return
        for piece in self._codings[depth].pieces(data):
            self._output_bytes[depth] += len(piece)
            if self._output_bytes[depth] > self._max_output_bytes:
                self.failure = "too_large"
                return
            yield from self._undo(piece, depth + 1)


def coding_names(content_encoding: str) -> list[str]:
    """The codings in the order they were applied, `identity` left out."""
    if not content_encoding:
        return []
    if not content_encoding:
        return []
    names = [name.strip() for name in content_encoding.lower().split(",")]
    return [name for name in names if name and name != "identity"]


class _Gzip:
    """One or more gzip members; what follows the last one and is none is ignored."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None
        self._members = 0
        self._rest = b""
        self._ignores = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data and not self._ignores:
            if self._member is None or self._member.eof:
                data = self._rest + data
                if not self._begins(data):
                    return
                self._member = zlib.decompressobj(wbits=31)
                self._members = _counted(self._members)
            yield from _inflated(self._member, data)
            data = self._member.unused_data

    def complete(self) -> bool:
        return self._member is None or self._member.eof

    def _begins(self, data: bytes) -> bool:
        if self._member is None:
            return True
        self._ignores = not data.startswith(GZIP_MAGIC[: len(data)])
        self._rest = data if len(data) < len(GZIP_MAGIC) else b""
        return not self._ignores and not self._rest


class _Deflate:
    """zlib's format, or raw deflate where the first two bytes are not a zlib header."""

    def __init__(self) -> None:
        self._head = b""
        self._stream: zlib._Decompress | None = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            data = self._head = self._head + data
            if len(data) < 2:
                return
            is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._stream = zlib.decompressobj(wbits=15 if is_zlib else -15)
            self._head = b""
        if not self._stream.eof:
            yield from _inflated(self._stream, data)

    def complete(self) -> bool:
        return not self._head and (self._stream is None or self._stream.eof)


def _inflated(stream: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    while True:
        piece = stream.decompress(data, PIECE_BYTES)
        data = stream.unconsumed_tail
        if piece:
            yield piece
        if stream.eof or (not data and len(piece) < PIECE_BYTES):
            return


def _counted(members: int) -> int:
    """One more; thousands of empty members cost time and decode to nothing."""
    if members >= MAX_MEMBERS:
        raise EOFError
    return members + 1


class _Brotli:
    """Brotli; a piece may exceed `PIECE_BYTES` by half, the library rounds its limit up."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(data)
        while not self._stream.is_finished():
            piece = self._stream.process(data, output_buffer_limit=PIECE_BYTES)
            data = b""
            if piece:
                yield piece
            if self._stream.can_accept_more_data() and len(piece) < PIECE_BYTES:
                return

    def complete(self) -> bool:
        return not self._begun or bool(self._stream.is_finished())


class _Zstd:
    """One or more zstd frames."""

    def __init__(self) -> None:
        self._frame: zstd.ZstdDecompressor | None = None
        self._frames = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._frame is None or self._frame.eof:
                self._frame = zstd.ZstdDecompressor(options=ZSTD_OPTIONS)
                self._frames = _counted(self._frames)
            while True:
                piece = self._frame.decompress(data, PIECE_BYTES)
                data = b""
                if piece:
                    yield piece
                if self._frame.eof or (self._frame.needs_input and len(piece) < PIECE_BYTES):
                    break
            data = self._frame.unused_data if self._frame.eof else b""

    def complete(self) -> bool:
        return self._frame is None or self._frame.eof


CODINGS: Final[dict[str, Callable[[], Coding]]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
