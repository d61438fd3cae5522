"""The supervisor of the stream side: one incarnation after the other, and nothing of it escapes.

Each incarnation is a fresh `StreamApp`, the root of its own tree of services, so that no crash
walks to the host. A failed one is stopped within a deadline, which closes its tables, and the next
is built after a backoff. One that cannot be stopped keeps its place in the consumer group and its
locks: then there is no next one, and `on_stuck` says that the process must be replaced.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import random
from typing import Literal, TypeVar

from app.clock import Clock, SystemClock
from app.engine.app import StreamApp
from app.engine.backoff import Backoff
from app.engine.contracts import Copy
from app.engine.lag import TopicLag
from app.errors import Unavailable
from app.tasks import spawn
from config.engine_section import EngineSettings

STOP_MARGIN_S = 30.0
logger = logging.getLogger(__name__)
State = Literal["starting", "recovering", "running", "rebalancing", "failed", "stopped"]
T = TypeVar("T")
Build = Callable[[], Awaitable[StreamApp]]


@dataclass(frozen=True, slots=True)
class Supervision:
    """The times that bound a stream side, in seconds."""

    backoff_first_s: float = 0.5
    backoff_max_s: float = 30.0
    stop_timeout_s: float = 70.0
    abort_timeout_s: float = 20.0
    healthy_after_s: float = 60.0


def supervision(settings: EngineSettings) -> Supervision:
    """The times that the settings mean; a stop may take a drain, a flush and a margin."""
    return Supervision(
        backoff_max_s=settings.restart_backoff_max_s,
        stop_timeout_s=settings.drain_timeout_s + settings.flush_timeout_s + STOP_MARGIN_S,
    )


class StreamSide:
    """Runs incarnations; a `LiveTables` that asks the one that runs now."""

    def __init__(
        self,
        build: Build,
        *,
        supervision: Supervision | None = None,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random,
        on_stuck: Callable[[], None] = lambda: None,
    ) -> None:
        """`build` makes an app that is not started; what it raises counts as a failure."""
        self._build = build
        self._times = supervision or Supervision()
        self._clock = clock or SystemClock()
        self._backoff = Backoff(self._times.backoff_first_s, self._times.backoff_max_s, jitter)
        self._on_stuck = on_stuck
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_waiting = False
        self.current: StreamApp | None = None
        self.last_error: BaseException | None = None
        self.restarts_total = 0
        self.stuck = False

    # -- life

    async def start(self) -> None:
        """Begin in the background; returns at once, whether there is a broker or not."""
        if self._task is None:
            self._task = spawn(self._supervise(), name="stream-side")

    async def stop(self) -> None:
        """Stop the incarnation that runs: drain, commit, close. Again is harmless."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    @property
    def state(self) -> State:
        """What the stream side does now."""
        if self._stopping.is_set() and (self._task is None or self._task.done()):
            return "stopped"
        if self.stuck or self._is_waiting:
            return "failed"
        if self.current is None:
            return "starting"
        return self.current.phase

    async def _supervise(self) -> None:
        while not self._stopping.is_set():
            born_s = self._clock.monotonic_s()
            failure = await self._incarnation()
            if failure is None or self.stuck:
                return
            self.last_error = failure
            if self._clock.monotonic_s() - born_s > self._times.healthy_after_s:
                self._backoff.reset()
            wait_s = self._backoff.next_s()
            logger.warning("stream side failed: %r; again in %.1f s", failure, wait_s)
            await self._wait(wait_s)
            self.restarts_total += 1

    async def _wait(self, wait_s: float) -> None:
        self._is_waiting = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait_s)
        self._is_waiting = False

    async def _incarnation(self) -> BaseException | None:
        """Run one app until it fails or we stop; the failure, None for a stop."""
        app = await self._built()
        if not isinstance(app, StreamApp):
            return app
        self.current = app
        starting = spawn(_result(app.start()), name="stream-app-start")
        failure = await self._watch(app, starting)
        await self._end(app, starting, failed=failure is not None)
        self.current = None
        return failure

    async def _built(self) -> "StreamApp | BaseException | None":
        """An app, why there is none, or None when we stop meanwhile."""
        building = spawn(_result(self._build()), name="stream-app-build")
        stopping = spawn(self._stopping.wait(), name="stream-side-stopping")
        await asyncio.wait({building, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if building.done():
            return building.result()
        building.cancel()
        await asyncio.wait({building})
        return None

    async def _watch(
        self, app: StreamApp, starting: "asyncio.Task[BaseException | None]"
    ) -> BaseException | None:
        failed = spawn(app.failed.wait(), name="stream-app-failed")
        stopping = spawn(self._stopping.wait(), name="stream-side-stopping")
        try:
            await asyncio.wait({starting, failed, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and starting.result() is None:
                await asyncio.wait({failed, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            failed.cancel()
            stopping.cancel()
        if app.failure is not None:
            return app.failure
        return starting.result() if starting.done() else None

    async def _end(
        self, app: StreamApp, starting: "asyncio.Task[BaseException | None]", *, failed: bool
    ) -> None:
        starting.cancel()
        await asyncio.wait({starting}, timeout=self._times.abort_timeout_s)
        timeout_s = self._times.abort_timeout_s if failed else self._times.stop_timeout_s
        stopping = spawn(app.stop(), name="stream-app-stop")
        await asyncio.wait({stopping}, timeout=timeout_s)
        if stopping.done() and app.is_gone:
            if not stopping.cancelled() and (error := stopping.exception()) is not None:
                logger.warning("while stopping the stream side: %r", error)
            return
        self.stuck = True
        stopping.cancel()
        logger.critical("the stream side does not stop; this process must be replaced")
        self._on_stuck()

    # -- live tables

    def check_ready(self) -> None:
        """Return if the tables can be read. Raises: Unavailable."""
        self._app().check_ready()

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value under `key`. Raises: Unavailable."""
        return self._app().get(table, key)

    async def durable(self, table: str, keys: Sequence[bytes] | None = None) -> None:
        """Return once a crash cannot take back what the keys show now. Raises: Unavailable."""
        await self._app().durable(table, keys)

    def copy_of(self, table: str, key: bytes) -> Copy:
        """The value under `key` in whatever copy is held. Raises: Unavailable."""
        return self._app().copy_of(table, key)

    def scan(self, table: str, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values of one partition. Raises: Unavailable."""
        return self._app().scan(table, partition)

    def partition_of(self, key: bytes) -> int:
        """The partition of a key. Raises: Unavailable."""
        return self._app().partition_of(key)

    def owners(self, table: str) -> Mapping[int, str]:
        """The worker of each partition of a table. Raises: Unavailable."""
        return self._app().owners(table)

    async def lags(self, *, ask: bool) -> Mapping[str, TopicLag]:
        """How far each topic is behind; empty where nobody knows. `ask`: the broker too."""
        return {} if self.current is None else await self.current.lags(ask=ask)

    def assigned(self) -> Mapping[str, Sequence[int]]:
        """The partitions that are read, by topic; empty where there are none, or they move."""
        return {} if self.current is None else self.current.assigned()

    def _app(self) -> StreamApp:
        if self.current is None:
            raise Unavailable(f"the tables are not ready: {self.state}")
        return self.current


async def _result(work: Awaitable[T]) -> T | BaseException:
    """What comes of it; what it raises is returned, so that nobody logs it twice."""
    try:
        return await work
    except Exception as exc:  # noqa: BLE001 - returned: the supervisor decides
        return exc
