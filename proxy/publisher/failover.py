"""The choice between the ways out: the broker, a backend to fall back to, the local spill.

    direct      the broker takes everything
    fallback    it does not; another Tailrace does
    spilling    nor does that; our own disk does
    replaying   the broker is back and gets what lies on the disk, new messages go direct
    retrying    nobody takes anything: it waits with whoever offers it

A message goes on to the next way when one answers `retry`; what the broker refuses is refused. The
first batch of an outage waits for the broker for a bounded time, and the following ones not at
all: the broker is tried aside, with a growing pause. Messages are encoded once and never changed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import random
from typing import Literal

from app.clock import Clock, SystemClock
from app.engine.backoff import Backoff
from app.tasks import spawn
from proxy.publisher.broker import GuardedBroker
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Outlet, Result, WayState
from proxy.publisher.replay import Replayer, Step
from proxy.publisher.resting import RestingOutlet
from proxy.publisher.spill_store import SpillStore

logger = logging.getLogger(__name__)
Way = Literal["kafka", "fallback", "spill", "replay"]
Deliver = Callable[[Sequence[Outgoing]], Awaitable[list[Result]]]
PROBE_FIRST_S = 0.2
PROBE_MAX_S = 5.0
UNREADABLE_S = 1.0
RESTART_S = 1.0


@dataclass(frozen=True, slots=True)
class Times:
    """How long a batch may wait for the broker and for the fallback, and how fast is replayed."""

    broker_patience_s: float = 5.0
    fallback_patience_s: float = 5.0
    replay_per_s: float = 2000.0


class FailoverOutlet:
    """An `Outlet` around the others, for several tasks at a time.

    `on_taken(way, messages)` is called for all that is delivered, `on_refused(message)` for what
    the broker refuses in a replay: that is lost, and nobody else would know.
    """

    def __init__(
        self,
        broker: Outlet,
        *,
        fallback: Outlet | None = None,
        spill: SpillStore | None = None,
        times: Times | None = None,
        on_taken: Callable[[Way, int], None],
        on_refused: Callable[[Outgoing], None],
        clock: Clock | None = None,
        jitter: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing is opened or connected before `start`; `jitter` gives 0 ≤ x < 1."""
        times, clock = times or Times(), clock or SystemClock()
        self._broker = GuardedBroker(broker, times.broker_patience_s, self._doubt)
        self._fallback: RestingOutlet | None = None
        if fallback is not None:
            self._fallback = RestingOutlet(fallback, times.fallback_patience_s, clock, jitter)
        self._spill = spill
        self._replayer: Replayer | None = None
        if spill is not None:
            self._replayer = Replayer(
                spill,
                self._broker,
                messages_per_s=times.replay_per_s,
                clock=clock,
                sleep=sleep,
                on_delivered=lambda messages: on_taken("replay", messages),
                on_refused=on_refused,
            )
        self._on_taken = on_taken
        self._sleep = sleep
        self._backoff = Backoff(PROBE_FIRST_S, PROBE_MAX_S, jitter)
        self._wake = asyncio.Event()
        self._tending: asyncio.Task[None] | None = None
        self._check: asyncio.Task[None] | None = None
        self._hurried = False
        self._closed = False
        self._told: WayState = "direct"

    @property
    def state(self) -> WayState:
        """Where a message offered now would go."""
        if not self._broker.is_open:
            return "replaying" if self._spill is not None and self._spill.records else "direct"
        if self._fallback is not None and not self._fallback.is_resting:
            return "fallback"
        return "spilling" if self._spill_takes else "retrying"

    @property
    def _spill_takes(self) -> bool:
        return self._spill is not None and self._spill.state == "ok"

    # -- an outlet

    async def start(self) -> bool:
        """Open the spill, try the broker once; whether there is any way out."""
        if self._closed:
            return False
        if self._tending is None:
            if self._spill is not None:
                await self._spill.open()
            self._tending = spawn(self._tend(), name="publisher-tend")
        reached = await self._broker.reach()
        # What tends to the broker may have found it in use, and wait.
        self._wake.set()
        return reached or self._fallback is not None or self._spill_takes

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """By the first way that takes it, message by message."""
        return await self._by_any(self._ways(may_fall_back=True), batch)

    async def keep(self, batch: Sequence[Outgoing]) -> list[Result]:
        """As `deliver`, but never to the fallback: what came from there must not go in circles."""
        return await self._by_any(self._ways(may_fall_back=False), batch)

    async def deliver_direct(self, batch: Sequence[Outgoing]) -> list[Result]:
        """By the broker or not at all: for what is said anew later, and is then out of date."""
        return await self._by_any([("kafka", self._broker.deliver)], batch)

    def hurry(self) -> None:
        """The process ends: wait for nobody, the spill is the first way from now on."""
        if self._spill is not None:
            self._hurried = True
            self._broker.hasten()
            if self._fallback is not None:
                self._fallback.hasten()

    async def close(self) -> None:
        """Stop replaying; make the spill durable, let go of connections."""
        self._closed = True
        tasks = [task for task in (self._tending, self._check) if task is not None]
        self._tending = self._check = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._spill is not None:
            await self._spill.close()
        await self._broker.close()
        if self._fallback is not None:
            await self._fallback.close()

    # -- the ways

    def _ways(self, *, may_fall_back: bool) -> list[tuple[Way, Deliver]]:
        ways: list[tuple[Way, Deliver]] = [("kafka", self._broker.deliver)]
        if self._fallback is not None and may_fall_back:
            ways.append(("fallback", self._fallback.deliver))
        if self._spill is not None:
            ways.insert(0 if self._hurried else len(ways), ("spill", self._into_spill))
        return ways

    async def _by_any(
        self, ways: Sequence[tuple[Way, Deliver]], batch: Sequence[Outgoing]
    ) -> list[Result]:
        results: list[Result] = ["retry"] * len(batch)
        for name, deliver in ways:
            if "retry" not in results:
                break
            left = [place for place, result in enumerate(results) if result == "retry"]
            # Mostly the first way takes all of it.
            answers = await deliver(batch if len(left) == len(batch) else [batch[i] for i in left])
            self._on_taken(name, answers.count("delivered"))
            for place, answer in zip(left, answers, strict=True):
                results[place] = answer
        if not self._broker.is_open:
            self._backoff.reset()
        self._tell()
        return results

    async def _into_spill(self, batch: Sequence[Outgoing]) -> list[Result]:
        assert self._spill is not None
        answers = await self._spill.append(batch)
        self._wake.set()
        # What the disk cannot hold may still suit the broker.
        return ["retry" if answer == "refused" else answer for answer in answers]

    # -- what goes on aside

    def _doubt(self) -> None:
        """Something took long or failed: find out whether there is a broker."""
        if not self._closed and (self._check is None or self._check.done()):
            self._check = spawn(self._find_out(), name="publisher-check")

    async def _find_out(self) -> None:
        await self._broker.reach()
        self._wake.set()

    def _tell(self) -> None:
        """Log the state where it changed."""
        if (state := self.state) != self._told:
            self._told = state
            level = logging.INFO if state in ("direct", "replaying") else logging.WARNING
            logger.log(level, "publishing: %s", state)

    async def _tend(self) -> None:
        """Bring the broker back into use, and the spill to the broker, until cancelled."""
        while True:
            try:
                was_away = self._broker.is_away
                if not was_away or await self._is_back():
                    step = await self._replayed()
                    self._tell()
                    await self._settle(step, has_waited=was_away)
            except Exception:
                logger.exception("tending to the ways out failed; it goes on")
                await asyncio.sleep(RESTART_S)

    async def _is_back(self) -> bool:
        await self._sleep(self._backoff.next_s())
        return await self._broker.reach()

    async def _replayed(self) -> Step:
        if self._replayer is None or self._spill is None or not self._spill.records:
            return "nothing"
        return await self._replayer.step()

    async def _settle(self, step: Step, *, has_waited: bool) -> None:
        """Wait as long as is due before the next step, unless that was done already."""
        if step == "failed":
            await self._sleep(self._backoff.next_s())
        elif step == "delivered":
            if not self._broker.is_open:
                self._backoff.reset()
        elif self._broker.is_open and not self._broker.is_away:
            if not has_waited:
                await self._sleep(self._backoff.next_s())
            # Nothing is there to try it with: the next messages are.
            self._broker.mend()
        elif self._spill is not None and self._spill.records:
            await self._sleep(UNREADABLE_S)
        elif not self._broker.is_open:
            self._wake.clear()
            await self._wake.wait()
