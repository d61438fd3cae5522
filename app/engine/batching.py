"""The batches of one partition: by count, bytes and age, one after the other; pure.

After a batch of which something is left, the next one begins with that, in offset order, and is
filled up with what came meanwhile: neighbours tell a bad message from a backend that is down.
"""

from collections.abc import Sequence

from app.engine.backoff import Backoff
from app.engine.contracts import Again, BatchLimits, Result
from app.engine.ordered import WINDOW_RECORDS, Entry, Item, Lane, wait_after


class BatchLane(Lane[Item]):
    """One batch at a time; at most one more is held meanwhile."""

    def __init__(self, limits: BatchLimits, backoff: Backoff, hold_s: float) -> None:
        """Empty; `backoff` begins anew whenever a part of a batch gets through."""
        super().__init__(hold_s)
        self._limits = limits
        self._backoff = backoff
        self._retry_at_s: float | None = None
        self._waiting_records = 0
        self._waiting_bytes = 0

    def take(self, now_s: float, *, pressed: bool = False) -> list[list[Entry[Item]]]:
        """One batch, if it is due and none is being written."""
        if not self._is_due(now_s, pressed=pressed):
            return []
        batch: list[Entry[Item]] = []
        size_bytes = 0
        for entry in self._entries:
            if entry.is_done:
                continue
            if batch and size_bytes + entry.size_bytes > self._limits.bytes:
                break
            batch.append(entry)
            size_bytes += entry.size_bytes
            if len(batch) >= self._limits.count:
                break
        for entry in batch:
            entry.is_busy = True
        self._waiting_records -= len(batch)
        self._waiting_bytes -= size_bytes
        self._retry_at_s = None
        self.busy = 1
        return [batch]

    def wake_at_s(self) -> float | None:
        """The next attempt, or the age of the oldest message."""
        if self.busy or not self._waiting_records:
            return None
        if self._retry_at_s is not None:
            return self._retry_at_s
        left = self._first_left()
        return None if left is None else left.arrived_s + self._limits.age_s

    def _is_due(self, now_s: float, *, pressed: bool) -> bool:
        wake_at_s = self.wake_at_s()
        if wake_at_s is None:
            return False
        if now_s >= wake_at_s:
            return True
        return self._retry_at_s is None and (
            pressed
            or self._waiting_records >= self._limits.count
            or self._waiting_bytes >= self._limits.bytes
        )

    def _load(self) -> float:
        limits = self._limits
        return max(
            self._waiting_records / limits.count,
            self._waiting_bytes / limits.bytes,
            len(self._entries) / max(WINDOW_RECORDS, 4 * limits.count),
        )

    def _wait(self, entry: Entry[Item]) -> None:
        self._waiting_records += 1
        self._waiting_bytes += entry.size_bytes

    def _settled(self, job: Sequence[Entry[Item]], results: Sequence[Result], now_s: float) -> None:
        left = [entry for entry in job if not entry.is_done]
        if len(left) < len(job):
            self._backoff.reset()
        if not left:
            return
        again = [result.after_s for result in results if isinstance(result, Again)]
        self._retry_at_s = now_s + wait_after(self._backoff, again)
        for entry in left:
            entry.retry_at_s = self._retry_at_s
            self._wait(entry)

    def _forget(self) -> None:
        self._retry_at_s = None
        self._waiting_records = self._waiting_bytes = 0
