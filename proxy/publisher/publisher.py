"""The publisher: one task that empties the queue through an outlet, for as long as it takes."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Literal

from app.clock import Clock, utc
from app.metrics import Metrics
from app.record.topics import Topics
from app.tasks import spawn
from proxy.exchange import Finished, Stamp
from proxy.publisher.encoding import body_message, record_message
from proxy.publisher.outlet import Outgoing, Outlet
from proxy.publisher.queue import Entry, PublishQueue

logger = logging.getLogger(__name__)
State = Literal["direct", "retrying", "stopped"]
BATCH_RECORDS = 500
BATCH_BYTES = 4 << 20
MAX_MESSAGE_BYTES = 8 << 20
IN_THREAD_FROM_BYTES = 64 << 10
SLICE_ENTRIES = 10
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 2.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait."""

    max_records: int
    max_bytes: int


class Publisher:
    """Takes finished exchanges and delivers each at least once, or counts why not.

    `producer_id` must be new at each boot; sequences have no gaps.
    """

    def __init__(
        self,
        outlet: Outlet,
        topics: Topics,
        *,
        producer_id: str,
        bounds: Bounds,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Nothing runs before `start`; offers are kept meanwhile."""
        self._outlet = outlet
        self._topics = topics
        self._producer_id = producer_id
        self._clock = clock
        self._metrics = metrics
        self._produced = {
            topic: metrics.produced_total.labels(topic)
            for topic in (topics.exchanges, topics.bodies)
        }
        self.queue = PublishQueue(bounds.max_records, bounds.max_bytes, self._count_drop)
        metrics.queued_records.set_function(lambda: len(self.queue))
        metrics.queued_bytes.set_function(lambda: self.queue.bytes)
        self._sequence = 0
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._retry_s = 0.0
        self._closed = False

    @property
    def state(self) -> State:
        """`direct` while the broker takes what is offered, `retrying` while it does not."""
        if self._closed:
            return "stopped"
        return "retrying" if self._retry_s else "direct"

    def stamp(self) -> Stamp:
        """The next place among this producer's records, and the time now."""
        sequence, self._sequence = self._sequence, self._sequence + 1
        return Stamp(self._producer_id, sequence, utc(self._clock.now_s()))

    def offer(self, finished: Finished) -> None:
        """Take an exchange; never blocks, never raises. After `close` it is dropped and counted."""
        self.queue.offer(finished)
        for note in finished.notes:
            self._metrics.capture_notes_total.labels(note).inc()
        if self._closed:
            self.queue.give_up()
        else:
            self._wake.set()

    async def start(self) -> None:
        """Begin to publish; returns at once, whether there is a broker or not."""
        if self._task is None and not self._closed:
            self._task = spawn(self._run(), name="publisher")

    async def close(self, drain_timeout_s: float) -> None:
        """Publish what waits, for at most `drain_timeout_s`, then count the rest as dropped."""
        if self._closed:
            return
        try:
            async with asyncio.timeout(drain_timeout_s):
                await self._emptied()
        except TimeoutError:
            logger.warning("%d records are still unpublished", len(self.queue))
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        dropped = self.queue.give_up()
        if dropped:
            logger.error("%d records are dropped at the end", dropped)
        await self._outlet.close()

    async def _emptied(self) -> None:
        """Wait until nothing is left to publish; at once if nobody publishes."""
        while len(self.queue) and self._task is not None and not self._task.done():
            self._empty.clear()
            await self._empty.wait()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.queue.waiting:
                await self._publish_some()
            self._empty.set()

    async def _publish_some(self) -> None:
        taken = self.queue.take(BATCH_RECORDS, BATCH_BYTES)
        try:
            await self._deliver(taken)
        finally:
            again = self.queue.settle(entry for entry in taken if not entry.is_gone)
        if not again:
            self._retry_s = 0.0
            return
        self._retry_s = min(RETRY_MAX_S, (self._retry_s * 2) or RETRY_FIRST_S)
        await asyncio.sleep(self._retry_s)

    async def _deliver(self, taken: list[Entry]) -> None:
        batch: list[Outgoing] = []
        owners: list[tuple[Entry, bool]] = []
        for number, entry in enumerate(taken):
            if number % SLICE_ENTRIES == SLICE_ENTRIES - 1:
                await asyncio.sleep(0)
            for message, is_body in await self._messages(entry):
                batch.append(message)
                owners.append((entry, is_body))
        results = await self._outlet.deliver(batch) if batch else []
        for (entry, is_body), message, result in zip(owners, batch, results, strict=True):
            if result == "delivered":
                self._produced[message.topic].inc()
                if is_body:
                    entry.body_done = True
                else:
                    entry.record_done = True
            elif result == "refused":
                self._refuse(entry, is_body)

    async def _messages(self, entry: Entry) -> list[tuple[Outgoing, bool]]:
        """What of an entry is still to be sent, bodies first, so that the record can tell."""
        messages: list[tuple[Outgoing, bool]] = []
        if not entry.body_done:
            body = await self._encoded_body(entry)
            if body is None:
                self._refuse(entry, is_body=True)
            else:
                messages.append((body, True))
        if not entry.record_done:
            record = record_message(entry.finished, self._topics)
            if record is None:
                self._refuse(entry, is_body=False)
                return []
            messages.append((record, False))
        return messages

    async def _encoded_body(self, entry: Entry) -> Outgoing | None:
        arguments = (entry.finished, self._topics, MAX_MESSAGE_BYTES)
        if entry.bytes < IN_THREAD_FROM_BYTES:
            return body_message(*arguments)
        return await asyncio.to_thread(body_message, *arguments)

    def _refuse(self, entry: Entry, is_body: bool) -> None:
        logger.error(
            "%s of %s cannot be published",
            "body" if is_body else "record",
            entry.finished.record.request_id,
        )
        if is_body:
            self.queue.refuse_body(entry)
        elif not entry.is_gone:
            self.queue.refuse_record(entry)

    def _count_drop(self, reason: str) -> None:
        self._metrics.dropped_total.labels(reason).inc()
