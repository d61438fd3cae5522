"""The in-memory twins behave as the contracts say, and crash as told."""

import pytest

from app.engine.memory import MemoryEmitter, MemoryStore, MemoryTables
from app.errors import Unavailable


def test_a_put_is_visible_at_once() -> None:
    store = MemoryStore()
    assert store.get(b"k") is None
    store.put(b"k", b"1")
    store.put(b"k", b"2")
    assert store.get(b"k") == b"2"
    assert list(store.items()) == [(b"k", b"2")]


def test_a_crash_loses_what_was_queued_except_the_survivors() -> None:
    store = MemoryStore()
    store.put(b"a", b"1")
    store.commit()
    store.put(b"a", b"2")
    store.put(b"b", b"2")
    store.put(b"a", b"3")
    store.crash(survivors={0, 1})
    assert dict(store.items()) == {b"a": b"2", b"b": b"2"}
    store.crash()
    assert dict(store.items()) == {b"a": b"2", b"b": b"2"}


def test_the_disk_may_be_ahead_of_the_changelog_until_it_is_lost() -> None:
    store = MemoryStore()
    store.put(b"a", b"1")
    store.put(b"a", b"2")
    store.put(b"b", b"3")
    store.crash(survivors={0}, on_disk={1})
    assert dict(store.items()) == {b"a": b"2"}
    store.commit()
    store.crash()
    assert dict(store.items()) == {b"a": b"1"}


def test_emitted_messages_commit_and_crash_alike() -> None:
    emitter = MemoryEmitter()
    emitter.emit("t", None, b"1")
    emitter.commit()
    emitter.emit("t", b"k", b"2")
    emitter.emit("other", b"k", b"3")
    emitter.emit("t", b"k", b"4")
    assert [each.value for each in emitter.on("t")] == [b"1", b"2", b"4"]
    emitter.crash(survivors={2})
    assert [each.value for each in emitter.on("t")] == [b"1", b"4"]


def test_tables_answer_from_any_partition_while_ready() -> None:
    tables = MemoryTables()
    tables.store("users", 3).put(b"k", b"v")
    assert tables.get("users", b"k") == b"v"
    assert tables.get("users", b"unknown") is None
    assert tables.get("seen", b"k") is None
    assert list(tables.scan("users", 3)) == [(b"k", b"v")]
    assert list(tables.scan("users", 0)) == []
    tables.ready = False
    for ask in (
        tables.check_ready,
        lambda: tables.get("users", b"k"),
        lambda: tables.scan("users", 3),
    ):
        with pytest.raises(Unavailable):
            ask()
