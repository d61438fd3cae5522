"""Server-sent events out of bytes that come in any cut (WHATWG HTML, §9.2.6, "Interpreting an event
stream").

Lines end in CR, LF or CRLF, also when a chunk ends between CR and LF; a leading byte order mark is
skipped. Data stays bytes, so that a character cut in two is whole again before anyone reads it.
Memory is bounded: a line of data that makes its event longer than the limit is reduced while it
passes, where there is something to do that with; an event that stays too long is skipped and
counted, never gathered.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

MESSAGE: Final = b"message"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its data (lines joined by LF), its type and the last id seen."""

    data: bytes
    name: bytes = MESSAGE
    id: bytes = b""


class Reducer(Protocol):
    """Makes a long line of data short enough to be read. Never raises."""

    def feed(self, chunk: bytes) -> None:
        """Some more of the line."""

    def reduced(self) -> bytes | None:
        """What is left of it; None if it cannot be reduced."""


class SseParser:
    """Bytes in, events out. Never raises; `skipped_total` counts events over `max_event_bytes`.

    An event's size is that of its lines without their ends; comments count for nothing. `reduce`
    gives what a line of data is reduced by that is too long: without it, its event is skipped.
    It is `between` events where the next byte would be the first of one.
    """

    __slots__ = (
        "_data",
        "_discards",
        "_event_bytes",
        "_head",
        "_id",
        "_max_event_bytes",
        "_name",
        "_oversize",
        "_pending",
        "_pending_bytes",
        "_reduce",
        "_reducer",
        "_skip_lf",
        "between",
        "skipped_total",
    )

    def __init__(self, max_event_bytes: int, reduce: Callable[[], Reducer] | None = None) -> None:
        self._max_event_bytes = max_event_bytes
        self._reduce = reduce
        self._reducer: Reducer | None = None
        self.skipped_total = 0
        self.between = True
        self._data: list[bytes] = []
        self._discards = False
        self._event_bytes = 0
        self._head: bytes | None = b""
        self._id = b""
        self._name = b""
        self._oversize = False
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._skip_lf = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes."""
        # Most chunks of most providers are one event of one line.
        if (
            self.between
            and chunk.startswith(b"data: ")
            and chunk.find(b"\n") == len(chunk) - 2
            and chunk.endswith(b"\n")
            and b"\r" not in chunk
            and len(chunk) - 2 <= self._max_event_bytes
        ):
            self._head = None
            return [Event(chunk[6:-2], MESSAGE, self._id)]
        return self._feed(chunk)

    def close(self) -> list[Event]:
        """The event that the end of the stream left without its empty line, if any.

        The standard discards it; here it may hold the usage or the end mark of a server that is
        careless with its last bytes, and a reader that needs whole JSON ignores anything less.
        """
        return self._feed(b"\n\n")

    def _feed(self, chunk: bytes) -> list[Event]:
        if self._head is not None:
            chunk = self._without_mark(self._head + chunk)
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        if not chunk:
            return []
        lines = chunk.splitlines()
        unfinished = b"" if chunk.endswith((b"\n", b"\r")) else lines.pop()
        self._skip_lf = chunk.endswith(b"\r")
        if lines and (self._pending_bytes or self._discards or self._reducer is not None):
            lines[0] = self._completed(lines[0])
        events: list[Event] = []
        for line in lines:
            self._take(line, events)
        if unfinished:
            self._hold(unfinished)
        self.between = not (
            self._pending_bytes
            or self._event_bytes
            or self._discards
            or self._skip_lf
            or self._reducer is not None
        )
        return events

    def _without_mark(self, head: bytes) -> bytes:
        if len(head) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(head):
            self._head = head
            self.between = False
            return b""
        self._head = None
        return head.removeprefix(BYTE_ORDER_MARK)

    def _hold(self, part: bytes) -> None:
        """Keep the beginning of a line, unless it is a comment or too long already."""
        if self._discards:
            return
        if self._reducer is not None:
            self._reducer.feed(part)
            return
        self._pending.append(part)
        self._pending_bytes += len(part)
        if self._event_bytes + self._pending_bytes > self._max_event_bytes:
            line = b"".join(self._pending)
            self._pending.clear()
            self._pending_bytes = 0
            self._reducer = self._begin_to_reduce(line)
            if self._reducer is None:
                self._discards = True
                if not line.startswith(b":"):
                    self._outgrow()

    def _completed(self, rest: bytes) -> bytes:
        """The whole line; of one that was not kept, a comment stands in its place."""
        if self._reducer is not None:
            self._reducer.feed(rest)
            line = self._end_of_reduction(self._reducer)
            self._reducer = None
            return line
        line = b":" if self._discards else b"".join([*self._pending, rest])
        self._discards = False
        self._pending.clear()
        self._pending_bytes = 0
        return line

    def _begin_to_reduce(self, line: bytes) -> Reducer | None:
        """What takes the rest of a line of data; None where there is no use in reducing it."""
        if self._reduce is None or self._oversize or not line.startswith(b"data:"):
            return None
        reducer = self._reduce()
        reducer.feed(line[5:])
        return reducer

    def _end_of_reduction(self, reducer: Reducer) -> bytes:
        """What is left of a line, to be taken in its place; a comment where nothing is."""
        left = reducer.reduced()
        if left is None or self._event_bytes + len(left) + 6 > self._max_event_bytes:
            self._outgrow()
            return b":"
        return b"data: " + left.strip()

    def _take(self, line: bytes, events: list[Event]) -> None:
        if not line:
            self._dispatch(events)
            return
        if line.startswith(b":"):
            return
        if self._event_bytes + len(line) > self._max_event_bytes:
            reducer = self._begin_to_reduce(line)
            line = line if reducer is None else self._end_of_reduction(reducer)
        self._event_bytes += len(line)
        if self._event_bytes > self._max_event_bytes:
            self._outgrow()
        elif line.startswith(b"data:"):
            self._data.append(line[6:] if line.startswith(b" ", 5) else line[5:])
        else:
            self._take_field(line)

    def _take_field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value
        elif field == b"data":
            self._data.append(value)
        elif field == b"id" and b"\0" not in value:
            self._id = value

    def _outgrow(self) -> None:
        """Give this event up; its later lines find it over the limit as well."""
        self._oversize = True
        self._event_bytes = self._max_event_bytes + 1
        self._data.clear()

    def _dispatch(self, events: list[Event]) -> None:
        if self._oversize:
            self.skipped_total += 1
            self._oversize = False
        elif self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append(Event(data, self._name or MESSAGE, self._id))
        self._data.clear()
        self._name = b""
        self._event_bytes = 0
