"""A JSON body as it passes: gathered and parsed whole, or reduced piece by piece if it is large."""

from collections import deque
from typing import Any, Final

from proxy.dialects.fields import load
from proxy.json_skim import JsonSkim

WHOLE_BYTES: Final = 48 << 10
"""More is reduced as it comes: what a parser and a dialect take in stays below a millisecond."""
KEPT_BYTES: Final = 128 << 10
PIECES_PER_ADD: Final = 2


class JsonBody:
    """Chunks in, at the end a document. `outgrown` says that there were more than `limit_bytes`."""

    __slots__ = ("_chunks", "_limit_bytes", "_size_bytes", "_skim", "outgrown")

    def __init__(self, limit_bytes: int) -> None:
        self._chunks: deque[bytes] = deque()
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._skim: JsonSkim | None = None
        self.outgrown = False

    @property
    def long_text_bytes(self) -> int:
        """Text that is not in the document, because it was too long."""
        return self._skim.long_text_bytes if self._skim is not None else 0

    def add(self, chunk: bytes) -> None:
        """Some more of the body."""
        if self.outgrown:
            return
        self._size_bytes += len(chunk)
        if self._size_bytes > self._limit_bytes:
            self.outgrown = True
            self._chunks.clear()
            self._skim = None
            return
        self._chunks.append(chunk)
        if self._skim is None and self._size_bytes > WHOLE_BYTES:
            self._skim = JsonSkim(KEPT_BYTES)
        if self._skim is not None:
            # A little more than came: what was gathered before is worked off in steps as well.
            for _ in range(min(PIECES_PER_ADD, len(self._chunks))):
                self._skim.feed(self._chunks.popleft())

    @property
    def is_empty(self) -> bool:
        """Whether nothing came."""
        return self._size_bytes == 0

    def document(self) -> Any:
        """The value, or what is small of it; None where it is no JSON."""
        if self._skim is None:
            return load(b"".join(self._chunks) if len(self._chunks) != 1 else self._chunks[0])
        while self._chunks:
            self._skim.feed(self._chunks.popleft())
        return self._skim.document()
