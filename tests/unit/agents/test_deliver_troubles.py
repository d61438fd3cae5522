"""The troubles of one endpoint, or of one delivery, are no others', and end as they should."""

import asyncio
from datetime import timedelta

import pytest

from agents import deliver
from app.errors import Unavailable
from app.record.codec import decode_dead_letter
from app.record.dead_letter import ATTEMPT_HEADER, ORIGIN_HEADER, Origin
from app.record.delivery import Delivery
from app.webhooks.endpoint import KIND, Endpoint
from app.webhooks.replies import Reply
from tests.support.endpoints import delivery, endpoint
from tests.support.records import STARTED_AT
from tests.unit.agents.test_deliver import SCHEDULE, TOPICS, World

LIMIT = 64
"""How many places an endpoint has in `World`."""


@pytest.fixture
async def world() -> World:
    made = World()
    await made.endpoints.put(endpoint())
    return made


async def test_retry_after_holds_others_no_longer_than_the_last_tier(world: World) -> None:
    world.sending.reply = Reply(503, 1.0, retry_after_s=30 * 86_400)
    await world.handle()
    world.clock.advance(SCHEDULE.waits_s[-1])
    world.sending.reply = Reply(204, 1.0)
    await world.handle(delivery(replay_id="b"))
    assert (len(world.sending.sent), world.count("delivered")) == (2, 1)


async def test_an_endpoint_that_is_changed_is_called_at_once(world: World) -> None:
    world.sending.reply = Reply(503, 1.0, retry_after_s=3600)
    await world.handle()
    await world.endpoints.put(endpoint(url="https://other.example/", updated_at=STARTED_AT))
    world.sending.reply = Reply(204, 1.0)
    await world.handle(delivery(replay_id="b"))
    assert (len(world.sending.sent), world.count("delivered")) == (2, 1)


async def test_bodies_that_do_not_come_hold_up_their_own_endpoint_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_bodies = asyncio.Event()

    async def prepared(endpoint: Endpoint, delivery: Delivery) -> bytes:
        if endpoint.include_body == "included":
            await has_bodies.wait()
        return b"{}"

    monkeypatch.setattr(world.sending, "prepared", prepared)
    await world.endpoints.put(endpoint(include_body="included"))
    await world.endpoints.put(endpoint(2))
    names = [f"r{number}" for number in range(LIMIT + 6)]
    tasks = [asyncio.ensure_future(world.handle(delivery(replay_id=name))) for name in names]
    async with asyncio.timeout(10):
        while len(world.later) < 6:
            await asyncio.sleep(0.01)
    assert {(each.attempts, each.deferrals) for _, each in world.later} == {(0, 1)}
    await world.handle(delivery(to=endpoint(2)))
    assert world.count("delivered") == 1
    has_bodies.set()
    await asyncio.gather(*tasks)
    assert world.count("delivered") == 1 + LIMIT


async def test_a_step_that_raises_buries_its_delivery_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def prepared(endpoint: Endpoint, delivery: Delivery) -> bytes:
        if delivery.replay_id is None:
            raise IndexError("no such key")
        return b"{}"

    monkeypatch.setattr(world.sending, "prepared", prepared)
    assert await world.handle() is None
    assert world.dead == [("step_failed", "IndexError: no such key")]
    assert await world.handle(delivery(replay_id="b")) is None
    assert world.count("delivered") == 1


async def test_a_partition_that_is_not_held_any_more_buries_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(key: bytes, value: bytes) -> None:
        raise Unavailable("partition 0 is not held here")

    monkeypatch.setattr(world.delivered, "put", put)
    with pytest.raises(Unavailable):
        await world.handle()
    assert world.dead == []


async def test_one_that_dies_again_after_retries_tells_how_often_it_did(world: World) -> None:
    first = Origin(topic=TOPICS.deliveries, partition=1, offset=2, epoch="e")
    headers = {ATTEMPT_HEADER: b"4", ORIGIN_HEADER: first.model_dump_json().encode()}
    world.sending.reply = Reply(404, 1.0)
    await world.handle(headers=headers)
    while not world.dead:
        world.clock.advance(60)
        await world.handle(world.later[-1][1])
    (letter,) = [decode_dead_letter(each.value) for each in world.emitter.on(TOPICS.dead_letters)]
    assert (letter.attempt, letter.first_origin) == (4, first)
    assert len(world.sending.sent) == SCHEDULE.attempts


async def test_what_only_a_newer_build_can_read_is_waited_for_and_not_for_ever(
    world: World,
) -> None:
    await world.control.put(KIND, endpoint().endpoint_id, b"{}")
    long_ago_s = world.clock.now_s() - 10 * deliver.NEWS_S
    assert await world.handle(broker_time_s=long_ago_s) is None
    assert [(tier, each.attempts, each.deferrals) for tier, each in world.later] == [(1, 0, 1)]
    assert (world.count("dropped"), world.count("deferred")) == (0, 1)
    await world.handle(delivery(emitted_at=STARTED_AT - timedelta(days=2)))
    assert [reason for reason, _ in world.dead] == ["attempts_exhausted"]
