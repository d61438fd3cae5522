"""Databases are open exactly while their partitions are ours; RocksDB's lock is the witness."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from app.engine.app import StreamApp
from app.engine.rocks import open_database
from tests.support.kafkaless import TOPIC, engine_app


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path) as app:
        app.store("t")
        yield app


def changelog(app: StreamApp, *partitions: int) -> set[TP]:
    (table,) = app.tables.values()
    return {TP(table.changelog_topic.get_topic_name(), partition) for partition in partitions}


async def assign(app: StreamApp, tps: set[TP]) -> None:
    store: Any = app._data("t")
    await store.assign_partitions(store.table, tps, 1)


def opened(app: StreamApp) -> set[int]:
    return set(app._data("t")._dbs)


def is_locked(app: StreamApp, partition: int) -> bool:
    try:
        open_database(app._data("t").partition_path(partition), None).close()
    except Exception as exc:
        if "LOCK:" not in str(exc):
            raise
        return True
    return False


async def test_what_is_assigned_is_opened(app: StreamApp) -> None:
    others = {TP(TOPIC, 3), TP("another-changelog", 3)}
    await assign(app, changelog(app, 0, 2) | others)
    assert opened(app) == {0, 2}
    assert is_locked(app, 2)


async def test_a_standby_is_opened_too(app: StreamApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.assignor, "assigned_standbys", lambda: changelog(app, 1))
    await assign(app, changelog(app, 0, 1))
    assert opened(app) == {0, 1}


async def test_what_stays_is_not_opened_again(app: StreamApp) -> None:
    await assign(app, changelog(app, 0))
    before = app._data("t").database(0)
    await assign(app, changelog(app, 0, 1))
    assert app._data("t").database(0) is before
    assert opened(app) == {0, 1}


async def test_what_is_revoked_is_unlocked_and_the_rest_stays(app: StreamApp) -> None:
    await assign(app, changelog(app, 0, 1))
    store = app._data("t")
    kept = store.database(0)
    store.revoke_partitions(store.table, changelog(app, 0) | {TP(TOPIC, 1)})
    assert opened(app) == {1}
    assert not is_locked(app, 0)
    del kept


async def test_what_comes_back_has_what_was_written(app: StreamApp) -> None:
    await assign(app, changelog(app, 0))
    store = app._data("t")
    store.database(0).put(b"k", b"v")
    store.sent(0, 7)
    store.persist_sent()
    store.revoke_partitions(store.table, changelog(app, 0))
    await assign(app, changelog(app, 0))
    assert store.database(0).get(b"k") == b"v"
    assert store.persisted_offset(*changelog(app, 0)) == 7


async def test_an_offset_not_persisted_before_the_partition_left_is_forgotten(
    app: StreamApp,
) -> None:
    await assign(app, changelog(app, 0))
    store = app._data("t")
    store.sent(0, 7)
    store.revoke_partitions(store.table, changelog(app, 0))
    await assign(app, changelog(app, 0))
    store.persist_sent()
    assert store.persisted_offset(*changelog(app, 0)) is None


async def test_a_stop_during_an_opening_leaves_nothing_open(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = app._data("t")
    begun, go_on = asyncio.Event(), threading.Event()
    loop, really_open = asyncio.get_running_loop(), store._open_for_partition
    referred_to = []

    def slowly(partition: int) -> Any:
        database = really_open(partition)
        referred_to.append(database)
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(20)
        return database

    monkeypatch.setattr(store, "_open_for_partition", slowly)
    async with asyncio.TaskGroup() as group:
        group.create_task(assign(app, changelog(app, 0, 1)))
        await begun.wait()
        await store.stop()
        go_on.set()
    assert len(referred_to) == 1
    assert store.is_closed
    assert not is_locked(app, 0)
