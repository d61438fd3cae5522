import asyncio
from pathlib import Path

import pytest
from faust.types import TP

from app.engine.app import EpochChangedError, TooLargeError
from app.errors import Unavailable
from tests.support.kafkaless import engine_app


async def test_a_message_too_large_is_refused_before_it_is_queued(tmp_path: Path) -> None:
    async with engine_app(tmp_path, max_request_bytes=10_000) as app:
        with pytest.raises(TooLargeError):
            app.emit("t", b"k", b"x" * 10_000)
        assert app.outbox.size == 0
        app.emit("t", b"k", b"x" * 8000)
        assert app.outbox.size == 1


async def test_recovered_partitions_are_announced_and_served(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.source("t")
        assigned: list[set[int]] = []
        revoked: list[set[int]] = []
        app.on_assigned(assigned.append)
        app.on_revoked(revoked.append)
        app.consumer.assignment = lambda: {TP("t", 1), TP("t", 3), TP("changelog", 2)}
        app.tables.recovery._generation_id = app.reader.reading_generation
        await app.on_rebalance_complete.send()
        assert assigned == [{1, 3}]
        assert app.served == {1, 3}
        assert app.phase == "running"
        await app.on_partitions_revoked.send({TP("t", 1)})
        assert revoked == [{1, 3}]
        assert app.served == frozenset()


async def test_an_index_that_cannot_be_built_is_a_failure(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:

        def broken(partitions: set[int]) -> None:
            raise ValueError("index")

        app.on_assigned(broken)
        app.consumer.assignment = lambda: {TP("t", 1)}
        app.tables.recovery._generation_id = app.reader.reading_generation
        await app.on_rebalance_complete.send()
        assert isinstance(app.failure, ValueError)


async def test_a_recovery_of_another_generation_announces_nothing(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        assigned: list[set[int]] = []
        app.on_assigned(assigned.append)
        app.tables.recovery._generation_id = 99
        await app.on_rebalance_complete.send()
        assert assigned == []


@pytest.mark.parametrize(("now", "fails"), [("0", False), ("another", True)])
async def test_topics_made_anew_end_the_incarnation_before_they_are_read(
    tmp_path: Path, now: str, fails: bool
) -> None:
    async with engine_app(tmp_path) as app:

        async def ask() -> str:
            return now

        assigned: list[set[int]] = []
        app.verify_epoch(ask)
        app.on_assigned(assigned.append)
        app.consumer.assignment = lambda: {TP("t", 1)}
        app.tables.recovery._generation_id = app.reader.reading_generation
        await app.on_rebalance_complete.send()
        assert isinstance(app.failure, EpochChangedError) is fails
        assert bool(assigned) is not fails
        app.reader.close_sources()
        app.on_rebalance_end()
        assert app.reader._sources_open is not fails


async def test_an_epoch_that_cannot_be_asked_for_ends_the_incarnation(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:

        async def ask() -> str:
            raise Unavailable("no broker")

        app.verify_epoch(ask)
        app.tables.recovery._generation_id = app.reader.reading_generation
        await app.on_rebalance_complete.send()
        assert isinstance(app.failure, Unavailable)


async def test_an_app_without_a_thread_or_tables_is_gone(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        assert app.is_gone
        app.store("t")
        store = app._data("t")
        store._dbs[0] = store._open_for_partition(0)
        assert not app.is_gone
        await store.stop()
        assert app.is_gone


async def test_partitions_taken_while_the_epoch_is_asked_for_are_not_served(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def ask() -> str:
            asked.set()
            await answer.wait()
            return "0"

        assigned: list[set[int]] = []
        app.on_assigned(assigned.append)
        app.verify_epoch(ask)
        app.consumer.assignment = lambda: {TP("t", 1)}
        app.tables.recovery._generation_id = app.reader.reading_generation
        recovered = asyncio.ensure_future(app.on_rebalance_complete.send())
        await asked.wait()
        app.reader._leave()
        await app.on_partitions_revoked.send({TP("t", 1)})
        answer.set()
        await recovered
        assert (app.served, app.phase, assigned) == (frozenset(), "recovering", [])
