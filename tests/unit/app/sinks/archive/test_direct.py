"""Large bodies on their way into the store: whole or not at all, in bounded memory."""

import asyncio
import os
from datetime import datetime, timedelta, timezone
from zlib import crc32

import pytest

from app.errors import StoreUnavailable
from app.metrics import Metrics
from app.record.bodies import StoredBody
from app.sinks.archive import writing
from app.sinks.archive.direct import (
    PART_BYTES,
    DirectLimits,
    DirectUpload,
    DirectUploads,
    direct_prefix,
)
from app.sinks.archive.memory import MIN_PART_BYTES, MemoryStore
from tests.support.faulty_store import FaultyStore
from tests.support.records import REQUEST_ID, STARTED_AT

MIB = 1 << 20
KEY = f"t/2026-03-14/direct/{REQUEST_ID}/response"


class World:
    def __init__(self, **limits: int) -> None:
        self.memory = MemoryStore()
        self.store = FaultyStore(self.memory)
        self.metrics = Metrics()
        given = {"max_bytes": 64 * MIB, "uploads": 4, "buffer_bytes": 32 * MIB} | limits
        self.uploads = DirectUploads(self.store, DirectLimits(**given), self.metrics)

    def begin(self) -> DirectUpload:
        return self.uploads.begin("t", STARTED_AT, REQUEST_ID, "response")

    def counted(self, state: str) -> float | None:
        name = "tailrace_direct_bodies_total"
        return self.metrics.registry.get_sample_value(name, {"state": state})


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(writing, "LONGEST_WAIT_S", 0.001)


@pytest.mark.parametrize("size_bytes", [1, 2 * MIB, PART_BYTES, PART_BYTES + 1, 20 * MIB])
async def test_a_body_is_there_as_it_passed(size_bytes: int) -> None:
    world, data = World(), os.urandom(size_bytes)
    upload = world.begin()
    for start in range(0, size_bytes, 100_000):
        upload.add(data[start : start + 100_000])
        await asyncio.sleep(0)
    upload.end()
    await upload.settled()
    assert (upload.state, upload.stored) == ("kept", StoredBody(KEY, size_bytes, crc32(data)))
    assert world.memory.objects == {KEY: data}
    assert (world.counted("kept"), world.uploads.held_bytes) == (1, 0)
    assert PART_BYTES >= MIN_PART_BYTES


async def test_a_body_over_its_limit_leaves_nothing() -> None:
    world = World(max_bytes=10 * MIB)
    upload = world.begin()
    for _ in range(11):
        upload.add(bytes(MIB))
        await asyncio.sleep(0.01)
    assert upload.state == "too_large"
    upload.add(bytes(MIB))
    upload.end()
    await upload.settled()
    assert world.memory.objects == {}
    assert (world.counted("too_large"), world.uploads.held_bytes) == (1, 0)


async def test_a_slow_store_holds_no_more_than_the_buffer() -> None:
    world = World(buffer_bytes=16 * MIB)
    world.store.slow = asyncio.Event()
    one, other = world.begin(), world.begin()
    one.add(bytes(5 * MIB))
    for _ in range(12):
        other.add(bytes(MIB))
        await asyncio.sleep(0)
        assert world.uploads.held_bytes <= 16 * MIB
    assert (one.state, other.state) == ("open", "dropped")
    while world.uploads.held_bytes != 5 * MIB:
        await asyncio.sleep(0.01)
    one.end()
    world.store.slow.set()
    await one.settled()
    assert one.state == "kept"


async def test_too_many_at_once_are_given_up_from_the_beginning() -> None:
    world = World(uploads=2)
    first, second, third = world.begin(), world.begin(), world.begin()
    assert [each.state for each in (first, second, third)] == ["open", "open", "dropped"]
    third.add(b"x")
    third.end()
    await third.settled()
    first.give_up()
    await first.settled()
    assert world.begin().state == "open"
    assert world.counted("dropped") == 2
    second.give_up()
    await second.settled()


async def test_a_store_that_stays_away_costs_the_body_alone() -> None:
    world = World()
    world.store.trouble = StoreUnavailable("down", "away")
    upload = world.begin()
    upload.add(b"x")
    upload.end()
    await upload.settled()
    assert (upload.state, upload.stored, world.uploads.held_bytes) == ("dropped", None, 0)
    assert world.counted("dropped") == 1


async def test_given_up_while_it_is_sent() -> None:
    world = World()
    world.store.slow = asyncio.Event()
    upload = world.begin()
    upload.add(b"x")
    upload.end()
    await asyncio.sleep(0.01)
    upload.give_up()
    upload.give_up("too_large")
    await upload.settled()
    assert (upload.state, world.memory.objects) == ("dropped", {})
    assert world.counted("dropped") == 1


def test_objects_lie_under_tenant_and_day() -> None:
    east = STARTED_AT.astimezone(timezone(timedelta(hours=12)))
    assert direct_prefix("t", east, REQUEST_ID) == f"t/2026-03-14/direct/{REQUEST_ID}"
    assert isinstance(STARTED_AT, datetime)
