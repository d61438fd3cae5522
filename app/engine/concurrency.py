"""The messages of one partition handled concurrently, each tried again by itself; pure."""

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from app.engine.backoff import Backoff
from app.engine.contracts import Again, Result
from app.engine.ordered import WINDOW_RECORDS, Entry, Item, Lane, wait_after

LANE_BYTES = 8 << 20


class ConcurrentLane(Lane[Item]):
    """Up to `in_flight` messages at a time.

    `window_records` bounds how far handling runs ahead of the oldest message that is not done,
    and so how many are handled again after a crash. While that one waits for longer than is held
    in memory, nothing new is begun.
    """

    def __init__(
        self,
        in_flight: int,
        new_backoff: Callable[[], Backoff],
        hold_s: float,
        window_records: int = WINDOW_RECORDS,
    ) -> None:
        """Empty."""
        super().__init__(hold_s)
        self._window_records = window_records
        self._in_flight = in_flight
        self._new_backoff = new_backoff
        self._backoffs: dict[int, Backoff] = {}
        self._fresh: deque[Entry[Item]] = deque()
        self._retries: list[tuple[float, int, Entry[Item]]] = []

    def take(self, now_s: float, *, pressed: bool = False) -> list[list[Entry[Item]]]:
        """As many jobs of one message as there is room for: those to try again first."""
        del pressed
        jobs: list[list[Entry[Item]]] = []
        if self._waits_long(now_s):
            return jobs
        while self.busy < self._in_flight:
            if self._retries and self._retries[0][0] <= now_s:
                entry = heappop(self._retries)[2]
            elif self._fresh:
                entry = self._fresh.popleft()
            else:
                break
            entry.is_busy = True
            self.busy += 1
            jobs.append([entry])
        return jobs

    def wake_at_s(self) -> float | None:
        """The next message to try again."""
        return self._retries[0][0] if self._retries and self.busy < self._in_flight else None

    def _load(self) -> float:
        return max(
            len(self._entries) / self._window_records,
            self.held_bytes / LANE_BYTES,
            len(self._fresh) / max(100, 2 * self._in_flight),
        )

    def _wait(self, entry: Entry[Item]) -> None:
        self._fresh.append(entry)

    def _settled(self, job: Sequence[Entry[Item]], results: Sequence[Result], now_s: float) -> None:
        for entry, result in zip(job, results, strict=True):
            if not isinstance(result, Again):
                self._backoffs.pop(entry.offset, None)
                continue
            if entry.offset not in self._backoffs:
                self._backoffs[entry.offset] = self._new_backoff()
            entry.retry_at_s = now_s + wait_after(self._backoffs[entry.offset], [result.after_s])
            heappush(self._retries, (entry.retry_at_s, entry.offset, entry))

    def _forget(self) -> None:
        self._fresh.clear()
        self._retries.clear()
