"""Rebuilding the ranking: complete, in slices, and safe when partitions come and go."""

import asyncio
from collections.abc import Iterator

import pytest

from app.clock import ManualClock
from app.engine.memory import MemoryTables
from app.errors import Unavailable
from app.record.keys import user_key
from tables import aggregate_codec, rebuild
from tables.aggregate import NEW
from tables.rebuild import Rebuilder
from tables.tally import zero
from tables.top_users import TopUsers


class TickingClock:
    """A clock on which every look takes a fifth of a slice."""

    def __init__(self) -> None:
        self._clock = ManualClock()
        self.now_s = self._clock.now_s

    def monotonic_s(self) -> float:
        self._clock.advance(rebuild.SLICE_S / 5)
        return self._clock.monotonic_s()


def filled(partitions: int, users: int) -> MemoryTables:
    tables = MemoryTables()
    for partition in range(partitions):
        for number in range(users):
            value = aggregate_codec.encode(NEW._replace(totals=[number + 1, *zero()[1:]]))
            key = user_key("t", f"p{partition}-u{number:03d}")
            tables.store("users", partition).put(key, value)
    return tables


def ranked(top: TopUsers) -> list[str]:
    return [standing.user for standing in top.top("requests", 1000, "t")]


async def test_every_user_of_the_assigned_partitions_is_ranked() -> None:
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, filled(3, 20), TickingClock())
    rebuilder.on_assigned({0, 2})
    with pytest.raises(Unavailable):
        top.check_ready()
    await rebuilder.settle()
    top.check_ready()
    assert len(ranked(top)) == 40
    assert not [name for name in ranked(top) if name.startswith("p1")]


async def test_the_loop_gets_its_turn_between_slices() -> None:
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, filled(1, 100), TickingClock())
    rebuilder.on_assigned({0})
    turns = 0
    while len(ranked(top)) < 100:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 10
    await rebuilder.settle()


async def test_a_revoked_partition_ends_its_scan_and_is_forgotten() -> None:
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, filled(2, 100), TickingClock())
    rebuilder.on_assigned({0, 1})
    for _ in range(5):
        await asyncio.sleep(0)
    assert ranked(top)
    rebuilder.on_revoked({0})
    await rebuilder.settle()
    assert len(ranked(top)) == 100
    assert all(name.startswith("p1") for name in ranked(top))
    top.check_ready()


async def test_an_assignment_during_a_scan_starts_it_again() -> None:
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, filled(1, 100), TickingClock())
    rebuilder.on_assigned({0})
    for _ in range(5):
        await asyncio.sleep(0)
    rebuilder.on_assigned({0})
    await rebuilder.settle()
    assert len(ranked(top)) == 100
    top.check_ready()


class Away(MemoryTables):
    """Tables of which a partition breaks off while it is read, until they are back."""

    is_back = False

    def scan(self, table: str, partition: int) -> Iterator[tuple[bytes, bytes]]:
        for item in super().scan(table, partition):
            yield item
            if not self.is_back:
                raise Unavailable("not heard of")


async def test_tables_that_leave_during_a_scan_leave_nothing_behind() -> None:
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, Away(filled(1, 5).stores), TickingClock())
    rebuilder.on_assigned({0})
    await asyncio.sleep(0.01)
    assert ranked(top) == []
    rebuilder.on_revoked({0})
    await rebuilder.settle()
    assert ranked(top) == []
    top.check_ready()


async def test_a_partition_that_could_not_be_read_is_ranked_before_the_ranking_is_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild, "AGAIN_S", 0.01)
    tables = Away(filled(2, 5).stores)
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, tables, TickingClock())
    rebuilder.on_assigned({0, 1})
    await asyncio.sleep(0.03)
    with pytest.raises(Unavailable):
        top.check_ready()
    tables.is_back = True
    await rebuilder.settle()
    top.check_ready()
    assert len(ranked(top)) == 10


async def test_a_damaged_value_costs_its_user_alone(caplog: pytest.LogCaptureFixture) -> None:
    tables = filled(1, 3)
    tables.store("users").put(user_key("t", "p0-u001"), b"\xffdamaged")
    top = TopUsers(1000)
    rebuilder = Rebuilder(top, tables, TickingClock())
    rebuilder.on_assigned({0})
    await rebuilder.settle()
    assert ranked(top) == ["p0-u002", "p0-u000"]
    assert "not ranked" in caplog.text
