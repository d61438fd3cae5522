"""A copy of a body, kept up to a limit."""


class BodyCopy:
    """Chunks as they came; all are let go at once when they are more than `limit_bytes`."""

    __slots__ = ("_chunks", "_limit_bytes", "_size_bytes", "outgrown")

    def __init__(self, limit_bytes: int) -> None:
        self._chunks: list[bytes] = []
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self.outgrown = False

    def add(self, chunk: bytes) -> None:
        """Keep one more chunk; no copy is made of it."""
        if self.outgrown:
            return
        self._size_bytes += len(chunk)
        if self._size_bytes > self._limit_bytes:
            self.outgrown = True
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def data(self) -> bytes:
        """All of it in one piece, joined once; empty if it has outgrown its limit."""
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""
