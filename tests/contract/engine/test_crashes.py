"""How far a crash walks: stock Faust ends everything; an incarnation ends alone."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from mode import Service

from app.engine.consumer_thread import DaemonThread
from tests.support.kafkaless import engine_app, stock_app


class Host(Service):
    """The service that everything else hangs on."""

    abstract = False


async def test_stock_crash_of_a_child_crashes_the_host(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        host = Host()
        app.beacon.reattach(host.beacon)
        await app.producer.buffer.crash(RuntimeError("boom"))
        assert host.crashed


async def test_a_crash_of_a_child_ends_its_incarnation_alone(tmp_path: Path) -> None:
    async with (
        engine_app(tmp_path / "one") as broken,
        engine_app(tmp_path / "two") as healthy,
    ):
        error = RuntimeError("boom")
        await broken.outbox.crash(error)
        assert broken.failure is error
        assert broken.failed.is_set()
        assert broken.phase == "failed"
        assert not healthy.crashed


async def test_the_first_failure_is_the_one_that_counts(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        first = RuntimeError("first")
        app.fail_stop(first)
        app.fail_stop(RuntimeError("second"))
        assert app.failure is first


async def test_a_crash_in_another_thread_is_told_on_the_loop(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        error = RuntimeError("from the thread")
        told_in: list[str] = []
        fail_stop = app.fail_stop

        def spy(exc: BaseException) -> None:
            told_in.append(threading.current_thread().name)
            fail_stop(exc)

        app.fail_stop = spy  # type: ignore[method-assign]
        await asyncio.to_thread(asyncio.run, app.reader.client_thread.crash(error))
        await app.failed.wait()
        assert app.failure is error
        assert told_in == [threading.current_thread().name]


async def test_stock_thread_keeps_a_process_alive(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        thread: Any = app.consumer._thread
        assert isinstance(thread, AIOKafkaConsumerThread)
        assert not thread.Worker(thread).daemon


async def test_our_thread_does_not_and_its_stop_does_not_block(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        worker = app.reader.client_thread.Worker(app.reader.client_thread)
        assert isinstance(worker, DaemonThread)
        assert worker.daemon
        worker.stop()
        assert not worker.is_stopped.is_set()


async def test_stock_goes_on_when_a_recovered_change_cannot_be_written(tmp_path: Path) -> None:
    async with stock_app(tmp_path, store="memory://") as app:
        table = app.Table("t", key_type=bytes, value_type=bytes)
        await _recover_into_a_broken_store(app, table)
        assert not app.should_stop


async def test_a_recovered_change_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.store("t")
        table: Any = app.tables["t"]
        await _recover_into_a_broken_store(app, table)
        assert isinstance(app.failure, OSError)


async def _recover_into_a_broken_store(app: Any, table: Any) -> None:
    """Run Faust's own recovery loop over one change."""
    from faust.types import TP
    from faust.types.tuples import ConsumerMessage

    changelog = TP(table.changelog_topic.get_topic_name(), 0)
    change = ConsumerMessage(
        *changelog, 0, 0.0, 0, (), b"k", b"v", None, tp=changelog, generation_id=1
    )

    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is full")

    table.data.apply_changelog_batch = broken
    table.recovery_buffer_size = 1
    recovery = app.tables.recovery
    recovery.tp_to_table[changelog] = table
    recovery.active_tps.add(changelog)
    recovery.active_highwaters[changelog] = 10
    recovery.in_recovery = True
    slurping = asyncio.ensure_future(recovery._slurp_changelogs.fun(recovery))
    app.tables.changelog_queue.force_put_nowait(app.create_event(b"k", b"v", None, change))
    for _ in range(50):
        await asyncio.sleep(0)
    slurping.cancel()
    await asyncio.wait([slurping])
