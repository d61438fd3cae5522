"""Who may send now, and who is put off."""

import asyncio
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.webhooks.admission import LONGEST_WAIT_S, Admission
from app.webhooks.breaker import BreakerOptions
from app.webhooks.endpoint import Endpoint
from tests.support.endpoints import EARLIER, endpoint

OPTIONS = BreakerOptions(failures=2, pause_first_s=10, pause_max_s=10)
TYPICAL = endpoint()


def named(name: str, changes: int = 0) -> Endpoint:
    """An endpoint that was changed so many times."""
    updated_at = EARLIER + timedelta(minutes=changes)
    return TYPICAL.model_copy(update={"endpoint_id": name, "updated_at": updated_at})


class World:
    def __init__(self, limit: int = 2, places: int = 100) -> None:
        self.clock = ManualClock()
        self.admission = Admission(limit, places, self.clock.monotonic_s, OPTIONS)

    async def enter(self, name: str = "a", partition: int = 0, changes: int = 0) -> float | None:
        return await self.admission.enter(partition, named(name, changes))

    def leave(
        self, name: str = "a", *, good: bool | None = True, hold_s: float = 0.0, changes: int = 0
    ) -> None:
        self.admission.leave(0, named(name, changes), 0.01, good, hold_s)


async def test_up_to_its_limit_and_one_that_waits_takes_the_place_that_is_freed() -> None:
    world = World()
    assert [await world.enter() for _ in range(2)] == [None, None]
    third = asyncio.ensure_future(world.enter())
    await asyncio.sleep(0)
    assert not third.done()
    world.leave()
    assert await third is None


async def test_an_endpoint_that_has_been_quiet_for_long_is_not_waited_for() -> None:
    world = World()
    assert [await world.enter() for _ in range(2)] == [None, None]
    world.clock.advance(5)
    assert await world.enter() == 0.0


async def test_a_wait_ends_and_the_place_is_not_lost() -> None:
    world = World(limit=1)
    assert await world.enter() is None
    late = asyncio.ensure_future(world.enter())
    async with asyncio.timeout(10 * LONGEST_WAIT_S):
        assert await late == 0.0
    world.leave()
    assert await world.enter() is None


async def test_a_cancelled_wait_gives_back_what_it_was_just_handed() -> None:
    world = World(limit=1)
    assert await world.enter() is None
    waits = asyncio.ensure_future(world.enter())
    await asyncio.sleep(0)
    world.leave()
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert await world.enter() is None


async def test_however_many_hang_there_is_room_for_the_next_endpoint() -> None:
    world = World(limit=1000, places=16)
    for number in range(4):
        while await world.enter(f"hangs-{number}") is None:
            pass
        world.clock.advance(5)
    assert await world.enter("quick") is None


async def test_partitions_have_places_of_their_own() -> None:
    world = World(limit=1000, places=2)
    assert await world.enter("a", 0) is None
    assert await world.enter("b", 0) is None
    assert await world.enter("c", 0) == 0.0
    assert await world.enter("c", 1) is None


async def test_failures_open_the_breaker_and_a_probe_closes_it() -> None:
    world = World()
    for _ in range(2):
        assert await world.enter() is None
        world.leave(good=False)
    assert world.admission.open_breakers == 1
    assert await world.enter() == 10
    assert await world.enter("b") is None
    world.clock.advance(10)
    assert await world.enter() is None
    assert (await world.enter() or 0) > 0
    world.leave(good=True)
    assert world.admission.open_breakers == 0
    assert await world.enter() is None


async def test_an_attempt_nobody_knows_the_end_of_leaves_the_breaker_alone() -> None:
    world = World()
    for _ in range(5):
        assert await world.enter() is None
        world.leave(good=None)
    assert world.admission.open_breakers == 0


async def test_an_endpoint_that_asks_for_time_gets_it() -> None:
    world = World()
    assert await world.enter() is None
    world.leave(good=False, hold_s=120)
    assert await world.enter() == 120
    world.clock.advance(120)
    assert await world.enter() is None


async def test_of_an_endpoint_that_is_changed_nothing_is_held_against_it() -> None:
    world = World()
    for hold_s in (0, 36_000):
        assert await world.enter() is None
        world.leave(good=False, hold_s=hold_s)
    assert await world.enter() == 36_000
    assert await world.enter(changes=1) is None
    assert world.admission.open_breakers == 0


async def test_what_went_out_before_the_change_tells_nothing_and_gives_back_its_place() -> None:
    world = World(limit=2)
    assert [await world.enter() for _ in range(2)] == [None, None]
    world.clock.advance(5)
    assert await world.enter(changes=1) == 0.0
    for _ in range(2):
        world.leave(good=False, hold_s=120)
    assert [await world.enter(changes=1) for _ in range(2)] == [None, None]


async def test_idle_endpoints_are_forgotten_and_open_breakers_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.webhooks.admission.MAX_IDLE_ENDPOINTS", 10)
    world = World()
    for _ in range(2):
        assert await world.enter("bad") is None
        world.leave("bad", good=False)
    for number in range(50):
        assert await world.enter(f"e-{number}") is None
        world.leave(f"e-{number}")
    assert len(world.admission._lanes) <= 12
    assert await world.enter("bad") == 10
