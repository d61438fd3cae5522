"""A copy of a body, kept up to a limit; beyond it, the body goes elsewhere or nowhere."""

from collections.abc import Sequence
from typing import Final, Literal

from app.record.bodies import BodyPart
from proxy.capture.large import Begin, LargeBody
from proxy.capture.scrubbing import Scrubber, scrub

Fate = Literal["kept", "too_large", "dropped"]
TOGETHER_BYTES: Final = 4 << 10
"""Small chunks of a large body are joined up to so much before they go on."""
WHOLE_BYTES: Final = 64 << 10
"""A body of at most so much is joined and searched for credentials once, at its end."""


class BodyCopy:
    """Chunks as they came; all are let go at once when they are more than `limit_bytes`.

    With `begin` they, and all that follow, are given to the `large` body that it answers.
    Credentials of the call (`secrets`) are overwritten in either.
    """

    __slots__ = (
        "_begin",
        "_chunks",
        "_due_bytes",
        "_large",
        "_limit_bytes",
        "_new",
        "_new_bytes",
        "_outgrown",
        "_scrubber",
        "_secrets",
        "_size_bytes",
    )

    def __init__(
        self, limit_bytes: int, begin: Begin | None = None, secrets: Sequence[bytes] = ()
    ) -> None:
        self._secrets = secrets
        self._scrubber: Scrubber | None = None
        self._begin = begin
        self._chunks: list[bytes] = []
        self._new: list[bytes] = []
        self._new_bytes = 0
        self._due_bytes = min(WHOLE_BYTES, limit_bytes + 1)
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._large: LargeBody | None = None
        self._outgrown = False

    @property
    def large(self) -> LargeBody | None:
        """The body where it goes elsewhere; to be asked for when all of it was added."""
        self._settle()
        return self._large

    def add(self, chunk: bytes) -> None:
        """Keep one more chunk; no copy is made of a large one without a credential."""
        self.extend((chunk,), len(chunk))

    def extend(self, chunks: Sequence[bytes], size_bytes: int) -> None:
        """Keep some more chunks, so many bytes together."""
        self._new += chunks
        self._new_bytes += size_bytes
        if self._new_bytes >= self._due_bytes:
            self._join()

    def _join(self) -> None:
        """Take the new chunks as one; a credential may end in those that follow."""
        chunk = self._gathered()
        if self._outgrown and self._large is None:
            return
        if self._secrets:
            self._scrubber = self._scrubber or Scrubber(self._secrets)
            chunk = self._scrubber.feed(chunk)
        if chunk:
            self._add(chunk)

    def _gathered(self) -> bytes:
        new, self._new, self._new_bytes = self._new, [], 0
        return new[0] if len(new) == 1 else b"".join(new)

    def _settle(self) -> None:
        """Take what has come as all that comes."""
        if self._new_bytes:
            if self._size_bytes or self._outgrown or self._scrubber is not None:
                self._join()
            else:
                self._add(scrub(self._gathered(), self._secrets))
        if self._scrubber is not None and (rest := self._scrubber.flush()):
            self._add(rest)

    def _add(self, chunk: bytes) -> None:
        if self._outgrown:
            if self._large is not None:
                self._large.add(chunk)
            return
        self._chunks.append(chunk)
        self._size_bytes += len(chunk)
        room_bytes = self._limit_bytes - self._size_bytes
        self._due_bytes = min(TOGETHER_BYTES, room_bytes + 1)
        if room_bytes < 0:
            self._outgrow()

    def _outgrow(self) -> None:
        self._outgrown = True
        self._due_bytes = TOGETHER_BYTES
        chunks, self._chunks = self._chunks, []
        if self._begin is not None:
            self._large = self._begin()
            for chunk in chunks:
                self._large.add(chunk)

    @property
    def fate(self) -> Fate:
        """What became of the body; one that is on its way still counts as dropped."""
        if (large := self.large) is not None:
            return "dropped" if large.state == "open" else large.state
        return "too_large" if self._outgrown else "kept"

    def data(self) -> bytes:
        """All of it in one piece, joined once; empty if it has outgrown its limit."""
        self._settle()
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    def part(self, content_type: str, content_encoding: str) -> BodyPart:
        """The body as it is kept; only where its fate is that."""
        data = self.data()
        stored = None if self._large is None else self._large.stored
        return BodyPart(content_type, content_encoding, data, stored)
