"""One partition's messages between being read and being acked: pure bookkeeping, no loop.

Messages come in offset order and may be done in any order; they are given back for their acks in
offset order only, each after all before it. When what is left is to be read again later, instead
of being held in memory, the offsets that were done already are remembered: they are not worked on
twice.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Generic, TypeVar

from app.engine.backoff import Backoff
from app.engine.contracts import Result
from app.errors import TailraceError

Item = TypeVar("Item")
WINDOW_RECORDS = 2000
"""How far a lane works ahead of its oldest message: so many come again after a crash."""
SHORTEST_WAIT_S = 0.01
LONGEST_WAIT_S = 86_400.0


class OutOfOrderError(TailraceError):
    """A message came after one with a higher offset: acks would not be in order."""


@dataclass(slots=True, eq=False)
class Entry(Generic[Item]):
    """One message: its offset, its size in bytes, when it came, and how far it is."""

    offset: int
    size_bytes: int
    item: Item
    arrived_s: float
    is_busy: bool = False
    is_done: bool = False
    retry_at_s: float = 0.0


class Lane(ABC, Generic[Item]):
    """The messages of one partition; how they are grouped into jobs is for the subclasses.

    A job is a list of entries that are tried at once. `take` gives jobs, each is given back with
    `settle`; `now_s` is any monotonic time.
    """

    def __init__(self, hold_s: float) -> None:
        """Empty. What must wait longer than `hold_s` is to be read again instead of held."""
        self._hold_s = hold_s
        self._entries: deque[Entry[Item]] = deque()
        self._last_offset = -1
        self._done_ahead: set[int] = set()
        self._was_full = False
        self.busy = 0
        self.held_records = 0
        self.held_bytes = 0

    # -- in and out

    def add(self, offset: int, size_bytes: int, item: Item, now_s: float) -> None:
        """Take in the next message. Raises: OutOfOrderError."""
        if offset <= self._last_offset:
            raise OutOfOrderError(f"offset {offset} came after {self._last_offset}")
        self._last_offset = offset
        entry = Entry(offset, size_bytes, item, now_s)
        self._entries.append(entry)
        if offset in self._done_ahead:
            self._done_ahead.discard(offset)
            entry.is_done = True
            return
        self.held_records += 1
        self.held_bytes += size_bytes
        self._wait(entry)

    def settle(self, job: Sequence[Entry[Item]], results: Sequence[Result], now_s: float) -> None:
        """Take a job back: one result for each of its entries, in their order."""
        self.busy -= 1
        for entry, result in zip(job, results, strict=True):
            entry.is_busy = False
            if result is None:
                self._finish(entry)
        self._settled(job, results, now_s)

    def pop_done(self, limit: int | None = None) -> list[Entry[Item]]:
        """What can be acked now, in offset order; at most `limit`."""
        ready: list[Entry[Item]] = []
        while self._entries and self._entries[0].is_done and len(ready) != limit:
            ready.append(self._entries.popleft())
        return ready

    def unfinished(self) -> list[Entry[Item]]:
        """Everything that was added and not given back by `pop_done`."""
        return list(self._entries)

    def waiting(self) -> list[Entry[Item]]:
        """What is neither done nor being tried."""
        return [entry for entry in self._entries if not (entry.is_done or entry.is_busy)]

    def rewind(self) -> int:
        """Forget everything held; the offset to read again from. Only while `is_long_wait`."""
        assert self._entries
        assert self.busy == 0
        offset = self._entries[0].offset
        self._done_ahead = {each for each in self._done_ahead if each > self._last_offset}
        self._done_ahead |= {entry.offset for entry in self._entries if entry.is_done}
        self._last_offset = offset - 1
        self._entries.clear()
        self.held_records = self.held_bytes = 0
        self._forget()
        return offset

    # -- questions

    @property
    def is_full(self) -> bool:
        """Whether no more should be read; once full, until half of the limits."""
        load = self._load()
        self._was_full = load >= 1 or (self._was_full and load > 0.5)
        return self._was_full

    def wait_s(self, now_s: float) -> float:
        """For how long the oldest message that is left must not be tried; 0: it may be."""
        left = self._first_left()
        return 0.0 if left is None or left.is_busy else max(0.0, left.retry_at_s - now_s)

    def is_long_wait(self, now_s: float) -> bool:
        """Whether nothing is being tried, and what is left waits too long to be held."""
        return self.busy == 0 and self._waits_long(now_s)

    def _waits_long(self, now_s: float) -> bool:
        return self.wait_s(now_s) > self._hold_s

    def _first_left(self) -> Entry[Item] | None:
        return next((entry for entry in self._entries if not entry.is_done), None)

    def _finish(self, entry: Entry[Item]) -> None:
        entry.is_done = True
        self.held_records -= 1
        self.held_bytes -= entry.size_bytes

    # -- what the subclasses decide

    @abstractmethod
    def take(self, now_s: float, *, pressed: bool = False) -> list[list[Entry[Item]]]:
        """The jobs to begin now; `pressed`: memory is short, wait for no more messages."""

    @abstractmethod
    def wake_at_s(self) -> float | None:
        """When `take` may give more, if nothing else happens; None: only after a change."""

    @abstractmethod
    def _load(self) -> float:
        """How much is held, as a part of the limits."""

    @abstractmethod
    def _wait(self, entry: Entry[Item]) -> None:
        """A new entry waits."""

    @abstractmethod
    def _settled(self, job: Sequence[Entry[Item]], results: Sequence[Result], now_s: float) -> None:
        """A job came back; set `retry_at_s` of what is left."""

    @abstractmethod
    def _forget(self) -> None:
        """All entries are gone."""


def wait_after(backoff: Backoff, after_s: list[float | None]) -> float:
    """How long to wait: the longest of what was asked for, with the backoff where nothing was."""
    asked = [min(each, LONGEST_WAIT_S) for each in after_s if each is not None and isfinite(each)]
    if len(asked) < len(after_s):
        asked.append(backoff.next_s())
    return max(SHORTEST_WAIT_S, *asked)
