"""Reading what is not served: copies that are known to have been the truth, and no others."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from app.engine import live
from app.engine.app import StreamApp
from app.engine.rocks import open_database
from app.engine.standbys import Standbys
from app.errors import Unavailable
from tests.support.kafkaless import engine_app

KEY = b"k"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path) as app:
        app.store("t")
        yield app


def topic(app: StreamApp) -> str:
    (table,) = app.tables.values()
    return str(table.changelog_topic.get_topic_name())


async def hold(app: StreamApp, value: bytes | None = b"v") -> int:
    """Open the partition of the key, with a value; the partition."""
    partition = app.partition_of(KEY)
    store: Any = app._data("t")
    await store.assign_partitions(store.table, {TP(topic(app), partition)}, 1)
    if value is not None:
        store.database(partition).put(KEY, value)
    return partition


def changes(app: StreamApp, partition: int, *offsets: int) -> list[Any]:
    messages = [
        SimpleNamespace(
            topic=topic(app), partition=partition, offset=each, key=KEY, value=b"%d" % each
        )
        for each in offsets
    ]
    return [SimpleNamespace(message=each) for each in messages]


def apply(app: StreamApp, partition: int, *offsets: int) -> None:
    (table,) = app.tables.values()
    table.apply_changelog_batch(changes(app, partition, *offsets))


def copied(app: StreamApp) -> bytes | None:
    try:
        copy = app.copy_of("t", KEY)
    except Unavailable:
        return None
    assert copy.age_s >= 0
    return copy.value


async def test_what_is_held_without_a_date_is_not_read(app: StreamApp) -> None:
    assert copied(app) is None
    await hold(app)
    assert copied(app) is None


async def test_what_is_served_is_the_truth_itself(app: StreamApp) -> None:
    partition = await hold(app)
    app._served = frozenset({partition})
    assert app.copy_of("t", KEY) == (b"v", 0.0)


async def test_what_was_served_is_read_until_the_partition_is_closed(app: StreamApp) -> None:
    partition = await hold(app)
    app._served = frozenset({partition})
    app.on_rebalance_start()
    assert copied(app) == b"v"
    with pytest.raises(Unavailable):
        app.get("t", KEY)
    app._left()
    assert copied(app) == b"v"
    store: Any = app._data("t")
    store.revoke_partitions(store.table, {TP(topic(app), partition)})
    assert copied(app) is None
    await hold(app)
    assert copied(app) is None


async def test_a_change_that_may_be_lost_spoils_the_copy(app: StreamApp) -> None:
    partition = await hold(app)
    app._served = frozenset({partition})
    app._data("t").queued(partition)
    app._leave()
    app._left()
    assert copied(app) is None


async def test_a_recovery_that_goes_forward_is_read_and_one_that_goes_back_is_not(
    app: StreamApp,
) -> None:
    partition = await hold(app, None)
    store = app._data("t")
    apply(app, partition, 0, 1, 2)
    store.reached(partition, 3, 1.0)
    assert copied(app) == b"2"
    apply(app, partition, 3)
    assert copied(app) == b"3"
    apply(app, partition, 2)
    assert copied(app) is None


async def test_a_failed_app_is_not_read(app: StreamApp) -> None:
    partition = await hold(app)
    app._served = frozenset({partition})
    app.failure = OSError("disk")
    assert copied(app) is None


async def test_a_standby_is_dated_once_it_has_all(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = await hold(app, None)
    tp = TP(topic(app), partition)
    ends = {tp: 3}

    async def answered(tps: list[TP]) -> dict[TP, int]:
        return {each: ends[each] for each in tps}

    monkeypatch.setattr(app.assignor, "assigned_standbys", lambda: {tp})
    monkeypatch.setattr(app.consumer, "assignment", lambda: {tp})
    monkeypatch.setattr(app.reader.client_thread, "ends", answered)
    app.phase = "running"
    apply(app, partition, 0, 1)
    await Standbys(app).look()
    assert copied(app) is None
    (table,) = app.tables.values()
    # What Faust has read and not written yet.
    app.tables.recovery.buffers[table] += changes(app, partition, 2)
    await Standbys(app).look()
    assert copied(app) == b"2"
    ends[tp] = 5
    await Standbys(app).look()
    assert copied(app) == b"2"


async def test_a_copy_of_another_life_of_the_topics_has_no_date(
    app: StreamApp, tmp_path: Path
) -> None:
    partition = app.partition_of(KEY)
    path = app._data("t").partition_path(partition)
    before = open_database(path, None)
    before.put(b"__faust\0offset__another", b"7")
    before.put(KEY, b"old")
    before.close()
    await hold(app, None)
    app._data("t").reached(partition, 0, 1.0)
    assert copied(app) is None


async def test_only_an_empty_changelog_is_reached_by_an_empty_copy(app: StreamApp) -> None:
    partition = await hold(app, None)
    app._data("t").reached(partition, 1, 1.0)
    assert app._data("t").copies.at_s(partition) is None
    app._data("t").reached(partition, 0, 1.0)
    assert app._data("t").copies.at_s(partition) == 1.0


async def test_durable_waits_for_the_changes_of_the_keys_alone(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = await hold(app)
    app.outbox.send = None
    await app.durable("t", [KEY])
    app._data("t").queued((partition + 1) % 4)
    await app.durable("t", [KEY])
    app._data("t").queued(partition)
    app.outbox.add("t", partition, KEY, b"v")
    monkeypatch.setattr(live, "DURABLE_S", 0.01)
    for keys in ([KEY], None):
        with pytest.raises(Unavailable):
            await app.durable("t", keys)
    app._data("t").sent(partition, 0)
    await app.durable("t", [KEY])
