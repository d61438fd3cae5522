"""The task that sends what is encoded, for as long as it takes.

Of an exchange the body goes first, so that the record never points to a body that was given up.
A body that fails again and again while its record could go (its topic is missing, its partition
has no leader) holds the record up for `HOLD_TRIES` attempts, then the record goes ahead: records
come before bodies.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from app.clock import Clock
from app.engine.backoff import Backoff
from app.errors import RecordError
from app.metrics import Metrics
from proxy.publisher.encoding import retold
from proxy.publisher.entry import Entry
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Outlet, Result
from proxy.publisher.queue import PublishQueue

logger = logging.getLogger(__name__)
BATCH_RECORDS: Final = 200
BATCH_BYTES: Final = 4 << 20
RETRY_FIRST_S: Final = 0.1
RETRY_MAX_S: Final = 2.0
HOLD_TRIES: Final = 3


class Sender:
    """Empties a queue through an outlet; a batch that fails in part is sent again in that part."""

    def __init__(
        self,
        queue: PublishQueue,
        outlet: Outlet,
        *,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
    ) -> None:
        """`jitter` gives 0 ≤ x < 1."""
        self._queue = queue
        self._outlet = outlet
        self._clock = clock
        self._metrics = metrics
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_MAX_S, jitter)
        self._sendable = asyncio.Event()
        self._progress = asyncio.Event()
        self.is_direct = False

    def wake(self) -> None:
        """Something can be sent."""
        self._sendable.set()

    async def progressed(self) -> None:
        """Wait until something was settled, whatever came of it."""
        self._progress.clear()
        await self._progress.wait()

    async def run(self) -> None:
        """Send until cancelled. `is_direct` once the outlet works, and while it does."""
        while not self.is_direct:
            if await self._outlet.start():
                self._go_direct()
            else:
                await asyncio.sleep(self._backoff.next_s())
        while True:
            await self._send_due()
            self._progress.set()
            await self._sendable.wait()
            self._sendable.clear()

    async def _send_due(self) -> None:
        """Send all that waits now; what is offered meanwhile is gathered, and `wake` tells of it.

        Batches that follow the last answer at once would be small, and cost ten times as much.
        """
        due = len(self._queue)
        while due > 0 and self._queue.is_sendable:
            due -= await self._send_some()

    async def _send_some(self) -> int:
        """How many of those that waited are out, or given up."""
        taken, again = self._queue.take(BATCH_RECORDS, BATCH_BYTES), 0
        try:
            failed = await self._deliver_bodies(taken)
            failed |= await self._deliver_records(taken)
        finally:
            again = self._queue.settle(taken)
            self._progress.set()
        if failed:
            self.is_direct = False
            await asyncio.sleep(self._backoff.next_s())
        else:
            self._go_direct()
        return len(taken) - again

    def _go_direct(self) -> None:
        self.is_direct = True
        self._backoff.reset()

    async def _deliver_bodies(self, taken: Sequence[Entry]) -> bool:
        """Whether any is to be tried again."""
        entries, batch = [], []
        for entry in taken:
            if (body := entry.body) is not None:
                entries.append(entry)
                batch.append(body)
        results = await self._deliver(batch)
        self._queue.delivered_bodies(_of(entries, results, "delivered"))
        for entry in _of(entries, results, "refused"):
            logger.error("a body is refused: %s", _name(entry))
            self._queue.refuse_body(entry)
        again = _of(entries, results, "retry")
        for entry in again:
            entry.body_tries += 1
        return bool(again)

    async def _deliver_records(self, taken: Sequence[Entry]) -> bool:
        """Whether any is to be tried again; one that waits for its body is not."""
        entries, batch = [], []
        for entry in taken:
            if entry.record_done or not (entry.body_done or entry.body_tries >= HOLD_TRIES):
                continue
            message = entry.message if entry.lost_body is None else _told(entry)
            if message is not None:
                entries.append(entry)
                batch.append(message)
        results = await self._deliver(batch)
        self._queue.delivered_records(_of(entries, results, "delivered"))
        for entry in _of(entries, results, "refused"):
            logger.error("a record is refused: %s", _name(entry))
            self._queue.refuse_record(entry)
        return "retry" in results

    async def _deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        if not batch:
            return []
        began_s = self._clock.monotonic_s()
        results = await self._outlet.deliver(batch)
        self._metrics.delivery_seconds.observe(self._clock.monotonic_s() - began_s)
        if delivered := results.count("delivered"):
            # a batch is of one topic
            self._metrics.produced_total.labels(batch[0].topic).inc(delivered)
        return results


def _of(entries: list[Entry], results: list[Result], wanted: Result) -> list[Entry]:
    """The entries with that result; mostly all of them have the same one."""
    found = results.count(wanted)
    if not found or found == len(entries):
        return entries if found else []
    return [entry for entry, result in zip(entries, results, strict=True) if result == wanted]


def _told(entry: Entry) -> Outgoing | None:
    """The record's message, which says so if the body was lost since it was encoded."""
    if entry.message is not None and entry.lost_body is not None:
        try:
            entry.message = retold(entry.message, entry.lost_body)
        except RecordError:
            # never seen; a record that points to a lost body is better than none
            logger.exception("a record cannot be told that its body is lost")
        entry.lost_body = None
    return entry.message


def _name(entry: Entry) -> bytes:
    message = entry.message
    return b"?" if message is None else message.key
