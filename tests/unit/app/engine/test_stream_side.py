import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.clock import ManualClock
from app.engine.app import StreamApp
from app.engine.stream_side import StreamSide, Supervision, supervision
from app.errors import Unavailable
from config.engine_section import EngineSettings
from tests.support.kafkaless import options

TIMES = Supervision(
    backoff_first_s=0.001, backoff_max_s=0.01, stop_timeout_s=0.05, abort_timeout_s=0.05
)


class FakeApp(StreamApp):
    """A stream app whose start and stop do what a test says."""

    def __init__(self, data_dir: Path, on_start: Any = None, on_stop: Any = None) -> None:
        super().__init__(options(data_dir))
        self.on_start_ = on_start
        self.on_stop_ = on_stop
        self.log: list[str] = []
        self.gone = True

    async def start(self) -> None:
        self.log.append("start")
        if self.on_start_ is not None:
            await self.on_start_()
        self._served = frozenset({0, 1, 2, 3})
        self.lease.renew(self.lease.now_s())
        self.phase = "running"

    async def stop(self) -> None:
        self.log.append("stop")
        if self.on_stop_ is not None:
            await self.on_stop_()

    @property
    def is_gone(self) -> bool:
        return self.gone


class Builder:
    """Builds the apps it was given, one after the other, and then more of the last kind."""

    def __init__(self, *makers: Callable[[], FakeApp]) -> None:
        self.makers = list(makers)
        self.apps: list[FakeApp] = []

    async def __call__(self) -> StreamApp:
        maker = self.makers.pop(0) if len(self.makers) > 1 else self.makers[0]
        self.apps.append(maker())
        return self.apps[-1]


@asynccontextmanager
async def running(build: Any, **kwargs: Any) -> AsyncIterator[StreamSide]:
    side = StreamSide(build, supervision=TIMES, **kwargs)
    await side.start()
    try:
        yield side
    finally:
        await side.stop()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def test_an_incarnation_runs_until_the_stop(tmp_path: Path) -> None:
    build = Builder(lambda: FakeApp(tmp_path))
    side = StreamSide(build, supervision=TIMES)
    assert side.state == "starting"
    with pytest.raises(Unavailable):
        side.check_ready()
    await side.start()
    await side.start()
    await until(lambda: side.state == "running")
    side.check_ready()
    assert side.current is build.apps[0]
    await side.stop()
    await side.stop()
    assert side.state == "stopped"
    assert side.current is None
    assert build.apps[0].log == ["start", "stop"]
    assert side.restarts_total == 0


async def test_a_failed_incarnation_is_stopped_and_replaced(tmp_path: Path) -> None:
    build = Builder(lambda: FakeApp(tmp_path))
    async with running(build) as side:
        await until(lambda: side.state == "running")
        error = RuntimeError("a change was lost")
        build.apps[0].fail_stop(error)
        await until(lambda: side.restarts_total == 1 and side.state == "running")
        assert side.last_error is error
        assert build.apps[0].log == ["start", "stop"]
        assert side.current is build.apps[1]


async def test_a_start_that_fails_is_tried_again(tmp_path: Path) -> None:
    async def no_broker() -> None:
        raise ConnectionError("no broker")

    build = Builder(
        lambda: FakeApp(tmp_path, on_start=no_broker),
        lambda: FakeApp(tmp_path, on_start=no_broker),
        lambda: FakeApp(tmp_path),
    )
    async with running(build) as side:
        await until(lambda: side.state == "running")
        assert side.restarts_total == 2
        assert isinstance(side.last_error, ConnectionError)
        assert [app.log for app in build.apps[:2]] == [["start", "stop"]] * 2


async def test_a_build_that_fails_is_tried_again(tmp_path: Path) -> None:
    attempts = 0

    async def build() -> StreamApp:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise Unavailable("topics cannot be made")
        return FakeApp(tmp_path)

    async with running(build) as side:
        await until(lambda: side.state == "running")
        assert side.restarts_total == 2


async def test_a_build_that_hangs_is_given_up_at_the_stop() -> None:
    cancelled = asyncio.Event()

    async def build() -> StreamApp:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async with running(build) as side:
        await asyncio.sleep(0)
        assert side.state == "starting"
    assert cancelled.is_set()
    assert side.state == "stopped"


async def test_a_failure_in_the_middle_of_a_start_ends_the_start(tmp_path: Path) -> None:
    started = asyncio.Event()

    async def hang() -> None:
        started.set()
        await asyncio.Event().wait()

    build = Builder(lambda: FakeApp(tmp_path, on_start=hang), lambda: FakeApp(tmp_path))
    async with running(build) as side:
        await started.wait()
        build.apps[0].fail_stop(RuntimeError("in recovery"))
        await until(lambda: side.state == "running")
        assert side.current is build.apps[1]


async def test_one_that_does_not_stop_is_reported_and_not_replaced(tmp_path: Path) -> None:
    stuck: list[None] = []

    async def hang() -> None:
        await asyncio.Event().wait()

    build = Builder(lambda: FakeApp(tmp_path, on_stop=hang))
    async with running(build, on_stuck=lambda: stuck.append(None)) as side:
        await until(lambda: side.state == "running")
        build.apps[0].fail_stop(RuntimeError("boom"))
        await until(lambda: side.stuck)
        assert side.state == "failed"
        assert stuck == [None]
        assert len(build.apps) == 1


async def test_one_that_stops_and_leaves_its_thread_behind_is_stuck_too(tmp_path: Path) -> None:
    def leaves_something() -> FakeApp:
        app = FakeApp(tmp_path)
        app.gone = False
        return app

    async with running(Builder(leaves_something)) as side:
        await until(lambda: side.state == "running")
    assert side.stuck


async def test_an_error_at_the_stop_is_no_reason_to_be_stuck(tmp_path: Path) -> None:
    async def fail() -> None:
        raise OSError("the disk is gone")

    async with running(Builder(lambda: FakeApp(tmp_path, on_stop=fail))) as side:
        await until(lambda: side.state == "running")
    assert not side.stuck


async def test_the_backoff_begins_again_after_a_healthy_time(tmp_path: Path) -> None:
    clock = ManualClock()
    build = Builder(lambda: FakeApp(tmp_path))
    async with running(build, clock=clock) as side:
        for _ in range(3):
            await until(lambda: side.state == "running")
            build.apps[-1].fail_stop(RuntimeError("again"))
            failed = len(build.apps)
            await until(lambda failed=failed: len(build.apps) > failed)
        assert side._backoff._failures == 3
        await until(lambda: side.state == "running")
        clock.advance(TIMES.healthy_after_s + 1)
        build.apps[-1].fail_stop(RuntimeError("much later"))
        failed = len(build.apps)
        await until(lambda: len(build.apps) > failed)
        assert side._backoff._failures == 1


async def test_queries_go_to_the_incarnation_that_runs(tmp_path: Path) -> None:
    build = Builder(lambda: FakeApp(tmp_path))
    async with running(build) as side:
        await until(lambda: side.state == "running")
        app = build.apps[0]
        app.get = lambda table, key: b"value"  # type: ignore[method-assign]
        app.scan = lambda table, partition: iter([(b"k", b"v")])  # type: ignore[method-assign]
        assert side.get("t", b"k") == b"value"
        assert list(side.scan("t", 0)) == [(b"k", b"v")]


def test_the_times_follow_the_settings() -> None:
    times = supervision(EngineSettings(drain_timeout_s=5, flush_timeout_s=7))
    assert times.stop_timeout_s > 12
    assert times.backoff_max_s == 30
