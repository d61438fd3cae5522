"""The engine's stores, emitter and tables and their in-memory twins do the same."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.engine.contracts import Emitter, LiveTables, Message, Position, Store
from app.engine.memory import MemoryEmitter, MemoryTables
from app.errors import Unavailable
from tests.support.kafkaless import engine_app

TABLE, KEY = "t", b"tenant|alice"


@dataclass
class Made:
    """One implementation, with the message of KEY in hand."""

    store: Store
    tables: LiveTables
    emitter: Emitter
    emitted: Callable[[], list[tuple[str, bytes | None, bytes]]]
    become_unavailable: Callable[[], None]
    partition: int


@pytest.fixture(params=["engine", "memory"])
async def made(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Made]:
    if request.param == "memory":
        tables, emitter = MemoryTables(), MemoryEmitter()

        def shut() -> None:
            tables.ready = False

        yield Made(
            tables.store(TABLE),
            tables,
            emitter,
            lambda: [(each.topic, each.key, each.value) for each in emitter.queued],
            shut,
            0,
        )
        return
    async with engine_app(tmp_path) as app:
        store = app.store(TABLE)
        rocks = app._data(TABLE)
        for partition in range(4):
            rocks._dbs[partition] = rocks._open_for_partition(partition)
        app._served = frozenset(range(4))
        partition = app.partition_of(KEY)
        app.in_hand.message = Message(KEY, b"v", Position("e", "s", partition, 0), 0.0)
        yield Made(
            store,
            app,
            app,
            lambda: [(each.topic, each.key, each.value) for each in app.outbox._queue],
            app.on_rebalance_start,
            partition,
        )


def test_a_put_is_seen_at_once_by_handlers_and_queries(made: Made) -> None:
    assert made.store.get(KEY) is None
    assert made.tables.get(TABLE, KEY) is None
    made.store.put(KEY, b"1")
    made.store.put(KEY, b"2")
    assert made.store.get(KEY) == b"2"
    assert made.tables.get(TABLE, KEY) == b"2"


def test_a_scan_gives_all_keys_in_order(made: Made) -> None:
    for key in (b"c", b"a", b"b"):
        made.store.put(key, key * 2)
    assert list(made.tables.scan(TABLE, made.partition)) == [
        (b"a", b"aa"),
        (b"b", b"bb"),
        (b"c", b"cc"),
    ]


def test_empty_values_are_values(made: Made) -> None:
    made.store.put(KEY, b"")
    assert made.store.get(KEY) == b""


def test_emitted_messages_are_queued_in_order(made: Made) -> None:
    made.emitter.emit("facts", KEY, b"1")
    made.emitter.emit("facts", None, b"2")
    assert made.emitted() == [("facts", KEY, b"1"), ("facts", None, b"2")]


def test_nothing_is_answered_while_unavailable(made: Made) -> None:
    made.tables.check_ready()
    made.become_unavailable()
    with pytest.raises(Unavailable):
        made.tables.check_ready()
    with pytest.raises(Unavailable):
        made.tables.get(TABLE, KEY)
    with pytest.raises(Unavailable):
        next(made.tables.scan(TABLE, made.partition))
