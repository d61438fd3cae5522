"""The spill as the publisher sees it: asynchronous, with one thread for all that blocks."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.clock import Clock
from app.tasks import spawn
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from proxy.publisher.spill.disk import Disk, LocalDisk, State, trouble_of
from proxy.publisher.spill.lock import DirectoryLock
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.reading import SpillBatch
from proxy.publisher.spill.recovery import claim
from proxy.publisher.spill.segments import Loss, Totals
from proxy.publisher.spill.store import Steps, Store

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Spill:
    """Keeps messages on the local disk until they are durable elsewhere. Raises nothing.

    `root` holds one directory per process (see `recovery.py`). Messages of `body_topics` are given
    up first. `count_loss(reason, messages)` is called, in the event loop, for everything that was
    kept and is given up. A disk in trouble is a `state`; everything is tried again at every call
    and every `fsync_interval_s`.
    """

    def __init__(
        self,
        root: Path,
        options: SpillOptions,
        *,
        body_topics: Collection[str],
        producer: str,
        clock: Clock,
        count_loss: Callable[[Loss, int], None],
        disk: Disk | None = None,
    ) -> None:
        """Nothing is touched before `open`. `producer` is noted in what is written."""
        self._root = root
        self._options = options
        self._body_topics = frozenset(body_topics)
        self._producer = producer
        self._clock = clock
        self._count_loss = count_loss
        self._disk = disk or LocalDisk()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="spill")
        self._one_at_a_time = asyncio.Lock()
        self._lock: DirectoryLock | None = None
        self._store: Store | None = None
        self._totals = Totals()
        self._upkeep: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def records(self) -> int:
        """Messages that wait for replay, bodies among them."""
        return self._totals.records + self._totals.bodies

    @property
    def bodies(self) -> int:
        """How many of `records` are bodies."""
        return self._totals.bodies

    @property
    def bytes(self) -> int:
        """What the segments take on the disk."""
        return self._totals.bytes

    @property
    def oldest_age_s(self) -> float:
        """How long ago the oldest segment was begun; 0 without any."""
        born_s = self._totals.oldest_born_s
        return 0.0 if born_s is None else self._clock.monotonic_s() - born_s

    @property
    def state(self) -> State:
        """How the disk took what was last asked of it."""
        return self._totals.state

    async def open(self) -> None:
        """Own a directory and take in what earlier processes left; torn tails are cut."""
        if self._upkeep is None and not self._closed:
            self._upkeep = spawn(self._keep_up(), name="spill-upkeep")
            async with self._one_at_a_time:
                await self._opened()

    async def append(self, messages: Sequence[Outgoing]) -> list[Result]:
        """Write messages; one result per message, in its order.

        `delivered`: written, and brought to the device if the policy is `always`; also a body
        dropped at once for want of room, and counted. `retry`: cannot be written now. `refused`:
        too long ever to be written.
        """
        retry: list[Result] = ["retry"] * len(messages)
        return await self._run(lambda store: store.append(messages), retry)

    async def next_batch(self, max_messages: int, max_bytes: int) -> SpillBatch | None:
        """The oldest messages, one at least; the same batch again until it is `done`.

        None if nothing is there, or nothing that can be read now: then `records` is not 0.
        """
        return await self._run(lambda store: store.gather(max_messages, max_bytes), None)

    async def done(self, batch: SpillBatch) -> None:
        """The batch is durable elsewhere; a segment of which nothing is left is deleted."""
        await self._run(lambda store: store.done(batch), None)

    async def close(self) -> None:
        """Bring all to the device, unless the policy is `never`, and give the directory up."""
        if self._closed:
            return
        self._closed = True
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.wait([self._upkeep])
        async with self._one_at_a_time:
            store, self._store = self._store, None
            if store is not None:
                await self._drive(store.close())
                self._report(store)
            elif self._lock is not None:
                self._lock.release()
        self._executor.shutdown(wait=False)

    async def _run(self, steps: Callable[[Store], Steps[T]], otherwise: T) -> T:
        """Drive an operation; `otherwise` if there is no directory to work on."""
        async with self._one_at_a_time:
            store = await self._opened()
            if store is None:
                return otherwise
            result = await self._drive(steps(store))
            self._report(store)
            return result

    async def _opened(self) -> Store | None:
        if self._store is None and not self._closed:
            store = await self._drive(self._opening())
            if store is not None:
                self._report(store)
            self._store = store
        return self._store

    def _opening(self) -> Steps[Store | None]:
        try:
            # Kept apart from the store: a cancelled opening must not lock us out of our own.
            self._lock = self._lock or claim(self._root)
        except OSError as error:
            if trouble_of(error) != self._totals.state:
                logger.error("no spill in %s: %s", self._root, error)
            self._totals = Totals(state=trouble_of(error))
            return None
        store = Store(
            self._lock,
            self._options,
            self._disk,
            body_topics=self._body_topics,
            producer=self._producer,
            clock=self._clock,
        )
        yield from store.open(self._root)
        return store

    async def _drive(self, steps: Steps[T]) -> T:
        """Run an operation in the thread, slice by slice."""
        loop = asyncio.get_running_loop()
        while True:
            answer = await loop.run_in_executor(self._executor, _step, steps)
            if answer:
                return answer[0]

    def _report(self, store: Store) -> None:
        """Publish what the last operation changed; nothing runs in the thread meanwhile."""
        self._totals = store.segments.totals()
        losses = store.segments.losses
        while losses:
            self._count_loss(*losses.popitem())

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(self._options.fsync_interval_s)
            await self._run(Store.upkeep, None)


def _step(steps: Steps[T]) -> tuple[()] | tuple[T]:
    """The next slice; the result once there is one."""
    try:
        next(steps)
    except StopIteration as end:
        return (end.value,)
    return ()
