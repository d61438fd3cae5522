"""Events of a stream that differ from the one before them in their text alone, read without JSON.

Of an event that came as a chunk of its own and brought some text, what stands before and after that
text is remembered. A chunk that begins and ends the same, with the inside of one JSON string in
between, is the same event with another text: reading it would count that text, and change nothing
that the first one has not changed. Several in one chunk are cut where one's end meets the next
one's beginning. Whatever else comes is read as ever, and what was remembered is forgotten.
"""

from collections.abc import Sequence
from itertools import islice

from proxy.dialects.base import SILENT, TextState
from proxy.dialects.estimate import utf8_bytes
from proxy.dialects.fields import load
from proxy.sse import Event

DATA = b"data: "
SPECIAL = bytes(range(0x20)) + b'"\\'
"""What cannot stand for itself in a JSON string (RFC 8259, section 7)."""
MAX_CHUNK_BYTES = 4 << 10
"""No more than so much of an event is remembered."""
MAX_TRIES = 8
"""So many events in a row are remembered for nothing; then the stream is none of these."""


class Alike:
    """What one stream's last event was like; `brings` is what the next ones like it bring."""

    __slots__ = ("_after", "_before", "_least_bytes", "_most_bytes", "_state", "_tries", "brings")

    def __init__(self, state: TextState, max_event_bytes: int) -> None:
        self._state = state
        self._most_bytes = max_event_bytes
        self._tries = MAX_TRIES
        self._before = self._after = b""
        self._least_bytes = 0
        self.brings = SILENT

    def learn(self, chunk: bytes, event: Event | None, brings: int) -> None:
        """A chunk was read, which brought so much: `event` and nothing else, None if not so."""
        self.brings = SILENT
        if event is None or brings == SILENT or not self._tries or len(chunk) > MAX_CHUNK_BYTES:
            return
        head = chunk[: len(chunk) - len(event.data) - 2]
        if (
            head == DATA or (head.startswith(b"event: ") and head.endswith(b"\n" + DATA))
        ) and chunk.endswith(event.data + b"\n\n"):
            self._tries -= 1
            self._remember(head, event.data, brings)

    def _remember(self, head: bytes, data: bytes, brings: int) -> None:
        text = self._text_in(data)
        if text is None:
            return
        quoted = b'"%b"' % text.encode("utf-8", "replace")
        start = data.find(quoted)
        before, after = data[: start + 1], data[start + len(quoted) - 1 :]
        # The same word may stand elsewhere in the event: another one is read in its place.
        other = b"?" if text != "?" else b"!"
        if start >= 0 and self._text_in(before + other + after) == other.decode():
            self._before, self._after = head + before, after + b"\n\n"
            self._least_bytes = len(self._before) + len(self._after)
            self.brings = brings

    def _text_in(self, data: bytes) -> str | None:
        document = load(data)
        return self._state.text_in(document) if isinstance(document, dict) else None

    def take(
        self, chunks: Sequence[bytes], times_s: Sequence[float], first: int
    ) -> tuple[int, Sequence[float]]:
        """Read chunks, from the `first`, while they are alike: their number, all events' times."""
        texts = self._texts(chunks, first) if self.brings else ()
        if not texts:
            return 0, ()
        came_s = times_s[first : first + len(texts)]
        joined = b" ".join(texts)
        if joined.isascii() and len(joined.translate(None, SPECIAL)) == len(joined):
            taken, text_bytes = len(texts), len(joined) - len(texts) + 1
        else:
            taken, text_bytes, came_s = self._counted(texts, came_s)
        if taken:
            self._tries = MAX_TRIES
            self._state.add_text(text_bytes)
        return taken, came_s

    def _texts(self, chunks: Sequence[bytes], first: int) -> list[bytes]:
        before, after, texts = self._before, self._after, []
        least, most, start, end = self._least_bytes, self._most_bytes, len(before), -len(after)
        for chunk in islice(chunks, first, None):
            if not (
                chunk.startswith(before) and chunk.endswith(after) and least < len(chunk) <= most
            ):
                break
            texts.append(chunk[start:end])
        return texts

    def _counted(
        self, texts: Sequence[bytes], times_s: Sequence[float]
    ) -> tuple[int, int, Sequence[float]]:
        """As many as are what they seem: their number, all their text, the times of all events."""
        joint = self._after + self._before
        taken, text_bytes, came_s = 0, 0, []
        for text, at_s in zip(texts, times_s, strict=True):
            sizes = [utf8_bytes(load(b'"%b"' % each)) for each in text.split(joint)]
            if not all(sizes):
                break
            taken += 1
            text_bytes += sum(sizes)
            came_s += [at_s] * len(sizes)
        return taken, text_bytes, came_s
