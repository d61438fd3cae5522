"""The ways out in memory: outlets, a spill, and naps that end when the test says so."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.clock import ManualClock
from proxy.publisher.failover import FailoverOutlet, Times, Way
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill_store import MemorySpill

RECORDS, BODIES = "t.exchanges", "t.bodies"


def record(number: int) -> Outgoing:
    """A record's message."""
    return Outgoing(RECORDS, b"k", b"record %d" % number)


def body(number: int) -> Outgoing:
    """A body's message."""
    return Outgoing(BODIES, b"k", b"body %d" % number)


async def settled() -> None:
    """Let every task run until it waits for something outside."""
    for _ in range(50):
        await asyncio.sleep(0)


class Naps:
    """A sleep that lasts until `end`; `asked` are the seconds of all, in order."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._running: deque[asyncio.Future[None]] = deque()

    async def sleep(self, seconds: float) -> None:
        """Sleep until told."""
        self.asked.append(seconds)
        nap = asyncio.get_running_loop().create_future()
        self._running.append(nap)
        await nap

    async def end(self) -> None:
        """End what runs now, and let everything settle."""
        naps, self._running = self._running, deque()
        for nap in naps:
            if not nap.done():
                nap.set_result(None)
        await settled()


class Hanging(MemoryOutlet):
    """An outlet that never answers while it hangs."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = True

    async def deliver(self, batch):  # type: ignore[no-untyped-def]
        if self.hangs:
            await asyncio.Event().wait()
        return await super().deliver(batch)


class Ways:
    """A failover outlet and everything around it."""

    def __init__(
        self,
        *,
        fallback: bool = False,
        spill: bool = True,
        broker: MemoryOutlet | None = None,
        times: Times | None = None,
    ) -> None:
        self.broker = broker or MemoryOutlet()
        self.fallback = MemoryOutlet() if fallback else None
        self.spill = MemorySpill({BODIES}) if spill else None
        self.clock = ManualClock()
        self.naps = Naps()
        self.taken: Counter[Way] = Counter()
        self.refused: list[Outgoing] = []
        self.outlet = FailoverOutlet(
            self.broker,
            fallback=self.fallback,
            spill=self.spill,
            times=times or Times(),
            on_taken=lambda way, messages: self.taken.update({way: messages}),
            on_refused=self.refused.append,
            clock=self.clock,
            jitter=lambda: 0.999,
            sleep=self.naps.sleep,
        )

    @property
    def kept(self) -> list[Outgoing]:
        """What lies in the spill."""
        assert self.spill is not None
        return self.spill.kept


@asynccontextmanager
async def started(ways: Ways) -> AsyncIterator[Ways]:
    """The ways, started and closed at the end."""
    await ways.outlet.start()
    await settled()
    yield ways
    await ways.outlet.close()
