import os
import time
from pathlib import Path

from app.engine.rocks import (
    ALL_WRITE_BUFFERS_BYTES,
    PIECE,
    WRITE_BUFFER_BYTES,
    open_database,
    write_buffers,
)
from tests.support.kafkaless import engine_app


def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.db", None)
    database.put(b"k", b"v")
    database.close()
    assert open_database(tmp_path / "t.db", None).get(b"k") == b"v"


def usage_once_within(bound: float, patience_s: float = 10) -> int:
    """What all buffers hold, once that is no more than a bound, or time is up."""
    deadline_s = time.monotonic() + patience_s
    while (usage := write_buffers().get_usage()) > bound and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return int(usage)


def test_the_buffers_of_all_databases_are_bounded_together(tmp_path: Path) -> None:
    """None of them comes near its own limit; what was flushed is read all the same."""
    databases = [open_database(tmp_path / f"{number}.db", None) for number in range(24)]
    value, most = os.urandom(1000), 0
    keys = range(2 * ALL_WRITE_BUFFERS_BYTES // len(value))
    assert len(keys) * len(value) / len(databases) < WRITE_BUFFER_BYTES
    for key in keys:
        databases[key % 24].put(b"%d" % key, value)
        if key % 1000 == 0:
            # What is being flushed counts as well, and takes its time on a busy machine.
            most = max(most, usage_once_within(ALL_WRITE_BUFFERS_BYTES * 1.1))
    assert ALL_WRITE_BUFFERS_BYTES / 2 < most <= ALL_WRITE_BUFFERS_BYTES * 1.1
    assert all(databases[key % 24].get(b"%d" % key) == value for key in keys)
    for database in databases:
        database.close()


async def test_a_long_partition_is_read_in_pieces_and_whole(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.store("t")
        store = app._data("t")
        store._dbs[0] = store._open_for_partition(0)
        keys = [b"%05d" % number for number in range(3 * PIECE + 7)]
        for key in keys:
            store.database(0).put(key, b"v")
        store.sent(0, 5)
        store.persist_sent()
        assert [key for key, _ in store.items_of(0)] == keys


async def test_an_empty_partition_has_nothing(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.store("t")
        store = app._data("t")
        store._dbs[0] = store._open_for_partition(0)
        assert list(store.items_of(0)) == []
