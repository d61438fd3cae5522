"""What every spill must do for those who use it; the one on disk and its twin both pass."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.clock import SystemClock
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.spill import Spill
from proxy.publisher.spill_store import MemorySpill, SpillStore
from tests.support.ways import BODIES, body, record

NO_LIMIT = (1000, 1 << 20)


@pytest.fixture(params=["memory", "disk"])
async def spill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SpillStore]:
    """An empty one, open."""
    made: SpillStore = MemorySpill({BODIES})
    if request.param == "disk":
        made = Spill(
            tmp_path,
            SpillOptions(fsync="never"),
            body_topics={BODIES},
            producer="test",
            clock=SystemClock(),
            count_loss=lambda reason, messages: None,
        )
    await made.open()
    yield made
    await made.close()


async def test_an_empty_one_has_nothing(spill: SpillStore) -> None:
    assert (spill.records, spill.bodies, spill.state) == (0, 0, "ok")
    assert await spill.next_batch(*NO_LIMIT) is None
    assert await spill.append([]) == []


async def test_what_goes_in_comes_out_in_order(spill: SpillStore) -> None:
    """In batches of one kind, each the same until it is done."""
    assert await spill.append([record(0), record(1)]) == ["delivered"] * 2
    assert await spill.append([record(2)]) == ["delivered"]
    assert await spill.append([body(3)]) == ["delivered"]
    assert (spill.records, spill.bodies) == (4, 1)
    found = []
    while (batch := await spill.next_batch(2, 1 << 20)) is not None:
        again = await spill.next_batch(*NO_LIMIT)
        assert again is not None
        assert again.messages == batch.messages
        assert len({message.topic for message in batch.messages}) == 1
        assert len(batch.messages) <= 2
        found += batch.messages
        await spill.done(batch)
        await spill.done(batch)
    assert found == [record(0), record(1), record(2), body(3)]
    assert (spill.records, spill.bodies) == (0, 0)


async def test_a_batch_is_never_empty_however_little_fits(spill: SpillStore) -> None:
    await spill.append([record(0), record(1)])
    batch = await spill.next_batch(1000, 1)
    assert batch is not None
    assert batch.messages == [record(0)]


async def test_what_is_put_back_comes_last(spill: SpillStore) -> None:
    """Put in again before the batch is done, so that it is always somewhere."""
    await spill.append([body(0)])
    await spill.append([record(1)])
    batch = await spill.next_batch(*NO_LIMIT)
    assert batch is not None
    assert batch.messages == [body(0)]
    assert await spill.append(batch.messages) == ["delivered"]
    await spill.done(batch)
    batch = await spill.next_batch(*NO_LIMIT)
    assert batch is not None
    assert batch.messages == [record(1)]
    assert spill.records == 2


async def test_closing_twice_is_harmless(spill: SpillStore) -> None:
    await spill.close()
    await spill.close()
