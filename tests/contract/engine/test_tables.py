"""Tables: stock RocksDB stores keep their lock and their gigabytes; ours are bounded and closed."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.stores.rocksdb import RocksDBOptions
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from rocksdict import Rdict

from app.engine import rocks
from app.engine.app import StreamApp
from app.engine.contracts import Message, Position
from app.engine.outbox import Outgoing
from app.errors import Unavailable
from tests.support.kafkaless import engine_app, hold, stock_app

PARTITION = 2


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path) as app:
        yield app


def in_hand(partition: int) -> Message:
    return Message(b"k", b"v", Position("0", "source", partition, 5), 0.0)


def change(table: Any, offset: int, key: bytes, value: bytes | None, partition: int = 0) -> Any:
    tp = TP(table.changelog_topic.get_topic_name(), partition)
    message = ConsumerMessage(*tp, offset, 0.0, 0, (), key, value, None, tp=tp)
    return table.app.create_event(key, value, None, message)


def test_stock_asks_for_gigabytes() -> None:
    assert RocksDBOptions().block_cache_size == 2 << 30
    assert RocksDBOptions().write_buffer_size * RocksDBOptions().max_write_buffer_number > 128 << 20


def test_all_our_databases_share_one_small_cache() -> None:
    assert rocks.block_cache() is rocks.block_cache()
    assert rocks.BLOCK_CACHE_BYTES <= 32 << 20
    assert rocks.WRITE_BUFFER_BYTES * rocks.WRITE_BUFFERS <= 16 << 20


async def test_stock_keeps_the_lock_while_anything_refers_to_the_database(tmp_path: Path) -> None:
    async with stock_app(tmp_path, store="rocksdb://") as stock:
        table = stock.Table("t", key_type=bytes, value_type=bytes)
        kept = table.data._db_for_partition(0)
        await table.data.stop()
        with pytest.raises(Exception, match=r"(?i)lock"):
            Rdict(str(table.data.partition_path(0)))
        del kept
        gc.collect()


async def test_a_stop_releases_the_lock_whatever_refers_to_the_database(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as first, engine_app(tmp_path) as second:
        first.store("t")
        second.store("t")
        store = hold(first, "t", 0)
        kept = store.database(0)
        kept.put(b"k", b"v")
        reading = store.items_of(0)
        assert next(reading) == (b"k", b"v")
        await store.stop()
        assert hold(second, "t", 0).database(0).get(b"k") == b"v"
        del kept, reading


async def test_a_stopped_store_does_not_open_again(app: StreamApp) -> None:
    app.store("t")
    store = hold(app, "t", 0)
    await store.stop()
    with pytest.raises(Unavailable):
        store._db_for_partition(0)
    assert store.is_closed


async def test_a_put_goes_to_the_messages_partition_and_to_the_changelog(app: StreamApp) -> None:
    table = app.store("t")
    hold(app, "t", 1, PARTITION)
    app.in_hand.message = in_hand(PARTITION)
    table.put(b"k", b"v")
    assert table.get(b"k") == b"v"
    queued: Outgoing = app.outbox._queue[0]
    assert queued[:4] == ("kafkaless-t-changelog", PARTITION, b"k", b"v")
    app.in_hand.message = in_hand(1)
    assert table.get(b"k") is None


async def test_a_table_is_closed_outside_of_a_handler(app: StreamApp) -> None:
    table = app.store("t")
    hold(app, "t", 0)
    with pytest.raises(RuntimeError):
        table.put(b"k", b"v")
    with pytest.raises(RuntimeError):
        table.get(b"k")


async def test_a_put_into_a_partition_that_is_not_held_queues_nothing(app: StreamApp) -> None:
    table = app.store("t")
    app.in_hand.message = in_hand(PARTITION)
    with pytest.raises(Unavailable):
        table.put(b"k", b"v")
    assert app.outbox.size == 0


async def test_the_changelog_offset_is_persisted_at_the_commit(app: StreamApp) -> None:
    app.store("t")
    store = hold(app, "t", 0)
    tp = TP("kafkaless-t-changelog", 0)
    store.sent(0, 7)
    store.sent(0, 6)
    assert store.persisted_offset(tp) is None
    app.tables.on_commit({})
    assert store.persisted_offset(tp) == 7


async def test_a_new_epoch_reads_the_changelog_from_its_start(tmp_path: Path) -> None:
    tp = TP("kafkaless-t-changelog", 0)
    async with engine_app(tmp_path, epoch="old") as app:
        app.store("t")
        store = hold(app, "t", 0)
        store.database(0).put(b"k", b"v")
        store.sent(0, 500)
    async with engine_app(tmp_path, epoch="new") as app:
        app.store("t")
        store = hold(app, "t", 0)
        assert store.persisted_offset(tp) is None
        assert list(store.items_of(0)) == [(b"k", b"v")]


async def test_recovered_changes_and_their_offset_are_written_together(app: StreamApp) -> None:
    app.store("t")
    table: Any = app.tables["t"]
    store = hold(app, "t", 0)
    table.apply_changelog_batch(
        [change(table, 0, b"a", b"1"), change(table, 1, b"b", b"2"), change(table, 2, b"a", None)]
    )
    assert dict(store.items_of(0)) == {b"b": b"2"}
    assert store.persisted_offset(TP("kafkaless-t-changelog", 0)) == 2


async def test_stock_applies_a_change_of_another_table(tmp_path: Path) -> None:
    async with stock_app(tmp_path, store="rocksdb://") as stock:
        mine = stock.Table("mine", key_type=bytes, value_type=bytes)
        other = stock.Table("other", key_type=bytes, value_type=bytes)
        mine.apply_changelog_batch([change(other, 0, b"k", b"not mine")])
        assert mine.data._db_for_partition(0).get(b"k") == b"not mine"


async def test_a_change_of_another_table_is_not_applied(app: StreamApp) -> None:
    app.store("mine")
    app.store("other")
    mine: Any = app.tables["mine"]
    store = hold(app, "mine", 0)
    mine.apply_changelog_batch([change(app.tables["other"], 0, b"k", b"not mine")])
    assert list(store.items_of(0)) == []


async def test_a_table_with_a_ttl_never_shares_a_path_with_one_without(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as keeping:
        keeping.store("t")
        kept = keeping._data("t").partition_path(0)
    async with engine_app(tmp_path) as expiring:
        expiring.store("t", ttl_s=60)
        assert expiring._data("t").partition_path(0) != kept


async def test_entries_with_a_ttl_go_with_a_compaction_after_it(app: StreamApp) -> None:
    app.store("t", ttl_s=1)
    database = hold(app, "t", 0).database(0)
    database.put(b"k", b"v")
    assert database.get(b"k") == b"v"
    await asyncio.sleep(2.1)
    database.flush()
    database.compact_range(None, None)
    assert database.get(b"k") is None


async def test_changelogs_are_made_as_the_tables_need_them(app: StreamApp) -> None:
    app.store("users")
    app.store("seen", ttl_s=3600)
    users, seen = app.changelog_specs()
    assert (users.name, users.partitions) == ("kafkaless-users-changelog", 4)
    assert users.configs["cleanup.policy"] == "compact"
    assert seen.configs["cleanup.policy"] == "compact,delete"
    assert seen.configs["retention.ms"] == "3600000"


async def test_a_query_reads_the_partition_of_the_key_alone(app: StreamApp) -> None:
    app.store("t")
    key = b"tenant|alice"
    partition = app.partition_of(key)
    with pytest.raises(Unavailable):
        app.get("t", key)
    store = hold(app, "t", *range(4))
    store.database((partition + 1) % 4).put(key, b"wrong")
    assert app.get("t", key) is None
    store.database(partition).put(key, b"right")
    assert app.get("t", key) == b"right"
    app._served = frozenset({(partition + 1) % 4})
    with pytest.raises(Unavailable):
        app.get("t", key)


def test_stock_routes_a_json_encoded_key() -> None:
    from aiokafka.partitioner import murmur2
    from faust.serializers.codecs import dumps

    key = "alice"
    raw, encoded = murmur2(key.encode()), murmur2(dumps("json", key))
    assert raw % 12 != encoded % 12


@pytest.mark.parametrize("key", [b"", b"alice", b"tenant|alice", b"\xff\x00"])
async def test_partitions_are_kafkas(app: StreamApp, key: bytes) -> None:
    from aiokafka.partitioner import DefaultPartitioner

    assert app.partition_of(key) == DefaultPartitioner()(key, [0, 1, 2, 3], [0, 1, 2, 3])


async def test_a_scan_ends_when_its_partition_is_not_served_any_more(app: StreamApp) -> None:
    app.store("t")
    store = hold(app, "t", 0)
    for each in range(10):
        store.database(0).put(b"%d" % each, b"v")
    scan = app.scan("t", 0)
    assert next(scan) == (b"0", b"v")
    app._served = None
    with pytest.raises(Unavailable):
        next(scan)


async def test_a_slow_scan_gives_the_loop_back(app: StreamApp) -> None:
    app.store("t")
    store = hold(app, "t", 0)
    for each in range(20_000):
        store.database(0).put(b"%05d" % each, b"v" * 100)
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.ensure_future(other_work())
    read = [key async for key, _ in app.scan_slowly("t", 0)]
    working.cancel()
    assert len(read) == 20_000
    assert turns > 3
