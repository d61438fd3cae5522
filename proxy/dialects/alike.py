"""Events of a stream that differ from the one before them in their text alone, read without JSON.

Of an event that came as a chunk of its own and brought some text, what stands before and after that
text is remembered. A chunk that begins and ends the same, with the inside of one JSON string in
between, is the same event with another text: reading it would count that text, and change nothing
that the first one has not changed. Several in one chunk are cut where one's end meets the next
one's beginning. Whatever else comes is read as ever, and what was remembered is forgotten.
"""

from collections.abc import Sequence
from typing import Final

from proxy.dialects.base import SILENT, TextState
from proxy.dialects.likeness import Likeness
from proxy.sse import Event

DATA: Final = b"data: "
MAX_CHUNK_BYTES: Final = 4 << 10
"""No more than so much of an event is remembered."""
MAX_TRIES: Final = 8
"""So many events in a row are remembered for nothing; then the stream is none of these."""


class Alike:
    """What one stream's last event was like; `brings` is what the next ones like it bring."""

    __slots__ = ("_likeness", "_most_bytes", "_state", "_tries", "brings")

    def __init__(self, state: TextState, max_event_bytes: int) -> None:
        self._state = state
        self._most_bytes = max_event_bytes
        self._tries = MAX_TRIES
        self._likeness: Likeness | None = None
        self.brings = SILENT

    def learn(self, chunk: bytes, event: Event | None, brings: int) -> None:
        """A chunk was read, which brought so much: `event` and nothing else, None if not so."""
        self._likeness, self.brings = None, SILENT
        if event is None or brings == SILENT or not self._tries or len(chunk) > MAX_CHUNK_BYTES:
            return
        head = chunk[: len(chunk) - len(event.data) - 2]
        if (
            head == DATA or (head.startswith(b"event: ") and head.endswith(b"\n" + DATA))
        ) and chunk.endswith(event.data + b"\n\n"):
            self._tries -= 1
            self._likeness = Likeness.of(self._state, head, event.data)
            self.brings = brings if self._likeness is not None else SILENT

    def take(
        self, chunks: Sequence[bytes], times_s: Sequence[float], first: int
    ) -> tuple[int, Sequence[float]]:
        """Read chunks, from the `first`, while they are alike: their number, all events' times."""
        likeness = self._likeness
        insides = likeness.insides(chunks, first, self._most_bytes) if likeness else ()
        if likeness is None or not insides:
            return 0, ()
        taken, came_s = len(insides), times_s[first : first + len(insides)]
        text_bytes = likeness.text_bytes(insides)
        if not text_bytes:
            text_bytes, came_s = _apart(likeness, insides, came_s)
        if not text_bytes:
            taken, text_bytes, came_s = _one_by_one(likeness, insides, came_s)
        if taken:
            self._tries = MAX_TRIES
            self._state.add_text(text_bytes)
        return taken, came_s


def _apart(
    likeness: Likeness, insides: Sequence[bytes], times_s: Sequence[float]
) -> tuple[int, Sequence[float]]:
    """The text of chunks some of which are of several events, and the times of all events.

    No text, and the times as they are, where that is not why they are not alike.
    """
    events, each_s = likeness.apart(insides, times_s)
    text_bytes = likeness.text_bytes(events) if len(events) > len(insides) else 0
    return text_bytes, each_s if text_bytes else times_s


def _one_by_one(
    likeness: Likeness, insides: Sequence[bytes], times_s: Sequence[float]
) -> tuple[int, int, Sequence[float]]:
    """As many as are what they seem: their number, all their text, the times of all events."""
    taken, text_bytes, came_s = 0, 0, []
    for inside, at_s in zip(insides, times_s, strict=True):
        sizes = likeness.sizes(inside)
        if not all(sizes):
            break
        taken += 1
        text_bytes += sum(sizes)
        came_s += [at_s] * len(sizes)
    return taken, text_bytes, came_s
