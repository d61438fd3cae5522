"""A copy of a body, kept up to a limit; beyond it, the body goes elsewhere or nowhere."""

from typing import Literal

from app.record.bodies import BodyPart
from proxy.capture.large import Begin, LargeBody

Fate = Literal["kept", "too_large", "dropped"]


class BodyCopy:
    """Chunks as they came; all are let go at once when they are more than `limit_bytes`.

    With `begin` they, and all that follow, are given to the `large` body that it answers.
    """

    __slots__ = ("_begin", "_chunks", "_limit_bytes", "_size_bytes", "large", "outgrown")

    def __init__(self, limit_bytes: int, begin: Begin | None = None) -> None:
        self._begin = begin
        self._chunks: list[bytes] = []
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self.large: LargeBody | None = None
        self.outgrown = False

    def add(self, chunk: bytes) -> None:
        """Keep one more chunk; no copy is made of it."""
        if self.outgrown:
            if self.large is not None:
                self.large.add(chunk)
            return
        self._chunks.append(chunk)
        self._size_bytes += len(chunk)
        if self._size_bytes > self._limit_bytes:
            self._outgrow()

    def _outgrow(self) -> None:
        self.outgrown = True
        chunks, self._chunks = self._chunks, []
        if self._begin is not None:
            self.large = self._begin()
            for chunk in chunks:
                self.large.add(chunk)

    @property
    def fate(self) -> Fate:
        """What became of the body; one that is on its way still counts as dropped."""
        if self.large is not None:
            return "dropped" if self.large.state == "open" else self.large.state
        return "too_large" if self.outgrown else "kept"

    def data(self) -> bytes:
        """All of it in one piece, joined once; empty if it has outgrown its limit."""
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    def part(self, content_type: str, content_encoding: str) -> BodyPart:
        """The body as it is kept; only where its fate is that."""
        stored = None if self.large is None else self.large.stored
        return BodyPart(content_type, content_encoding, self.data(), stored)
