"""A 410 that comes after something else was done with the endpoint."""

import asyncio

import pytest

from app.webhooks.endpoint import Endpoint
from app.webhooks.replies import Reply
from tests.support.endpoints import delivery, endpoint
from tests.support.records import STARTED_AT
from tests.unit.agents.test_deliver import World


@pytest.fixture
async def world() -> World:
    made = World()
    await made.endpoints.put(endpoint())
    made.sending.reply = Reply(410, 1.0)
    made.sending.may_end.clear()
    return made


@pytest.mark.parametrize(
    "meanwhile",
    [
        endpoint(url="https://hooks.example/new", updated_at=STARTED_AT),
        endpoint(secrets=(*endpoint(2).secrets, *endpoint().secrets), updated_at=STARTED_AT),
        None,
    ],
    ids=["moved", "rotated", "removed"],
)
async def test_410_undoes_nothing_that_the_owner_did_during_the_post(
    world: World, meanwhile: Endpoint | None
) -> None:
    posting = asyncio.ensure_future(world.handle())
    while not world.sending.sent:
        await asyncio.sleep(0)
    if meanwhile is None:
        await world.endpoints.remove(endpoint())
    else:
        await world.endpoints.put(meanwhile)
    world.sending.may_end.set()
    assert await posting is None
    assert world.endpoints.get(endpoint().endpoint_id) == meanwhile
    assert ([tier for tier, _ in world.later], world.count("gone")) == ([0], 0)


async def test_410_twice_at_a_time_disables_once(world: World) -> None:
    posting = [asyncio.ensure_future(world.handle(delivery(replay_id=each))) for each in "ab"]
    while len(world.sending.sent) < 2:
        await asyncio.sleep(0)
    world.sending.may_end.set()
    assert await asyncio.gather(*posting) == [None, None]
    assert (world.count("gone"), world.later) == (2, [])
