from pathlib import Path

from app.engine.rocks import PIECE, open_database
from tests.support.kafkaless import engine_app


def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.db", None)
    database.put(b"k", b"v")
    database.close()
    assert open_database(tmp_path / "t.db", None).get(b"k") == b"v"


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
