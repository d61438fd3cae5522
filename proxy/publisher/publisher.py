"""The publisher: what the relay offers is encoded by one task and sent by another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import random
from typing import Final, Literal, get_args

from app.clock import Clock, utc
from app.metrics import Metrics
from app.record.topics import Topics
from app.tasks import spawn
from proxy.exchange import Finished, Stamp
from proxy.publisher.accounts.book import Account, Book
from proxy.publisher.encoder import Encoder
from proxy.publisher.entry import Entry
from proxy.publisher.observation import CallMetrics
from proxy.publisher.outlet import Failover, Outlet, WayState
from proxy.publisher.queue import PublishQueue
from proxy.publisher.sender import Sender
from proxy.sampling import Sampler

logger = logging.getLogger(__name__)
State = WayState | Literal["stopped"]
STATES: Final[tuple[State, ...]] = (*get_args(WayState), "stopped")
RESTART_S: Final = 1.0
# Of the time to drain; after it nobody waits for the broker any more.
PATIENT_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait; what is offered within `gather_s` is encoded and sent together."""

    max_records: int
    max_bytes: int
    gather_s: float = 0.0


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
        jitter: Callable[[], float] = random,
        sampler: Sampler | None = None,
    ) -> None:
        """Nothing runs before `start`; offers are kept meanwhile. `jitter` gives 0 ≤ x < 1.

        `book`, once it is set, counts the fate of each record; `before_close` is awaited when all
        fates are known and the outlet is still open.
        """
        self.book: Book | None = None
        self.before_close: Callable[[], Awaitable[None]] | None = None
        self._sampler = sampler or Sampler()
        self._sampled_out = metrics.sampled_out_total
        self._outlet = outlet
        self._failover = outlet if isinstance(outlet, Failover) else None
        self._producer_id = producer_id
        self._clock = clock
        self._metrics = metrics
        self._drops = metrics.dropped_total
        self._offered = metrics.tallies.counter(metrics.offered_total)
        self.queue = PublishQueue(bounds.max_records, bounds.max_bytes, self._count_drop)
        self._sender = Sender(self.queue, outlet, clock=clock, metrics=metrics, jitter=jitter)
        observe = CallMetrics(metrics).observe
        self._encoder = Encoder(self.queue, topics, observe=observe, on_encoded=self._sender.wake)
        self._encoder.gather_s = bounds.gather_s
        self._sequence = 0
        # Where the fate of each record that is not offered yet is counted.
        self._stamped: dict[int, Account] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False
        self._show()

    def _show(self) -> None:
        """Gauges that are read when they are asked for."""
        self._metrics.queued_records.set_function(lambda: len(self.queue))
        self._metrics.queued_bytes.set_function(lambda: self.queue.bytes)
        self._metrics.in_flight_records.set_function(lambda: self.queue.in_hand)
        for state in STATES:
            gauge = self._metrics.publisher_state.labels(state)
            gauge.set_function(partial(self._is, state))

    def _is(self, state: State) -> bool:
        return self.state == state

    @property
    def state(self) -> State:
        """The way that what is offered takes; `retrying` while there is none."""
        if self._stopped:
            return "stopped"
        if not self._sender.is_direct:
            return "retrying"
        return "direct" if self._failover is None else self._failover.state

    # -- what the relay sees

    def stamp(self, tenant: str) -> Stamp:
        """The next place among this producer's records, and the time now: it is proxied now.

        An answer that is out is counted, though its record may be made later, or never.
        """
        sequence, self._sequence = self._sequence, self._sequence + 1
        produced_at = utc(self._clock.now_s())
        if self.book is not None:
            account = self._stamped[sequence] = self.book.account(tenant, produced_at.timestamp())
            account.proxied(sequence)
        return Stamp(self._producer_id, sequence, produced_at)

    def offer(self, finished: Finished) -> None:
        """Take an exchange under a stamp of ours; never blocks, never raises.

        After `close` it is dropped and counted.
        """
        account = self._stamped.pop(finished.draft.fields["sequence"], None)
        if not self._sampler.keeps(finished.draft):
            self._sampled_out.inc()
            if account is not None:
                account.add("sampled_out")
            return
        entry = Entry(finished, account)
        self._encoder.encode_small(entry)
        self.queue.offer(entry)
        self._offered.number += 1
        for note in finished.notes:
            self._metrics.capture_notes_total.labels(note).inc()
        if self._stopped:
            self.queue.give_up()
        else:
            self._encoder.wake()

    # -- life

    async def start(self) -> None:
        """Begin to publish; returns at once, whether there is a broker or not."""
        if not self._tasks and not self._stopped:
            self._encoder.wake()
            self._tasks = [
                spawn(_forever(self._encoder.run), name="publisher-encode"),
                spawn(_forever(self._sender.run), name="publisher-send"),
            ]

    async def close(self, drain_timeout_s: float) -> None:
        """Publish what waits, for at most `drain_timeout_s`, then count the rest as dropped.

        Half of that time is the broker's; in the other half what is left is spilled.
        """
        if self._stopped:
            return
        patient_s = drain_timeout_s * PATIENT_SHARE
        if not await self._is_emptied(patient_s):
            if self._failover is not None:
                self._failover.hurry()
            if not await self._is_emptied(drain_timeout_s - patient_s):
                logger.warning("%d records are still unpublished", len(self.queue))
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if dropped := self.queue.give_up():
            logger.error("%d records are dropped at the end", dropped)
        if self.before_close is not None:
            await self.before_close()
        self.book = None
        self._stamped.clear()
        await self._outlet.close()

    async def _is_emptied(self, timeout_s: float) -> bool:
        """Wait until nothing is left to publish; at once if nobody publishes."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self.queue) and self._tasks:
                    await self._sender.progressed()
        except TimeoutError:
            return False
        return True

    def _count_drop(self, reason: str) -> None:
        self._drops.labels(reason).inc()


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    """Run a task's work until it is cancelled; a fault of ours in it is logged, not its end."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("the publisher failed; it goes on")
            await asyncio.sleep(RESTART_S)
