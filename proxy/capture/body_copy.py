"""A copy of a body, kept up to a limit; beyond it, the body goes elsewhere or nowhere."""

from collections.abc import Sequence
from typing import Literal

from app.record.bodies import BodyPart
from proxy.capture.large import Begin, LargeBody
from proxy.capture.scrubbing import Scrubber

Fate = Literal["kept", "too_large", "dropped"]
TOGETHER_BYTES = 4 << 10
"""Small chunks are joined up to so much, and searched for credentials together."""


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
        "_size_bytes",
    )

    def __init__(
        self, limit_bytes: int, begin: Begin | None = None, secrets: Sequence[bytes] = ()
    ) -> None:
        self._scrubber = Scrubber(secrets) if secrets else None
        self._begin = begin
        self._chunks: list[bytes] = []
        self._new: list[bytes] = []
        self._new_bytes = 0
        self._due_bytes = min(TOGETHER_BYTES, limit_bytes + 1)
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._large: LargeBody | None = None
        self._outgrown = False

    @property
    def outgrown(self) -> bool:
        """Whether they were more than the limit."""
        self._join()
        return self._outgrown

    @property
    def large(self) -> LargeBody | None:
        """The body where it goes elsewhere; to be asked for when all of it was added."""
        self._settle()
        return self._large

    def add(self, chunk: bytes) -> None:
        """Keep one more chunk; no copy is made of a large one without a credential."""
        if not chunk:
            return
        self._new.append(chunk)
        self._new_bytes += len(chunk)
        if self._new_bytes >= self._due_bytes:
            self._join()

    def _join(self) -> None:
        """Take the new chunks as one."""
        if not self._new_bytes:
            return
        new, self._new, self._new_bytes = self._new, [], 0
        if self._outgrown and self._large is None:
            return
        chunk = new[0] if len(new) == 1 else b"".join(new)
        if self._scrubber is not None:
            chunk = self._scrubber.feed(chunk)
        if chunk:
            self._add(chunk)

    def _settle(self) -> None:
        self._join()
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
        stored = None if self.large is None else self.large.stored
        return BodyPart(content_type, content_encoding, self.data(), stored)
