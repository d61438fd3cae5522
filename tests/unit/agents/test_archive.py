"""The agent on `bodies`: places are told once objects are durable, and poison goes alone."""

import pytest

from agents.archive import archive_agent
from app.clock import ManualClock, utc
from app.engine.contracts import Again, Message, Position
from app.engine.memory import MemoryEmitter
from app.errors import StoreUnavailable
from app.metrics import Metrics
from app.record.codec import decode_archived, decode_dead_letter
from app.record.topics import Topics
from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.segment import read_member
from app.sinks.archive.sink import ArchiveSink
from app.sinks.watch import SinkWatch
from tests.support.bodies import EPOCH, TOPIC, envelopes, messages

TOPICS = Topics("t")


class World:
    def __init__(self) -> None:
        self.store, self.emitter, self.clock = MemoryStore(), MemoryEmitter(), ManualClock()
        metrics = Metrics()
        sink = ArchiveSink(self.store, metrics)
        watch = SinkWatch(sink.name, lambda: sink.state, metrics)
        self.agent = archive_agent(
            sink, self.emitter, TOPICS, watch=watch, clock=self.clock, metrics=metrics
        )


@pytest.fixture
async def world() -> World:
    return World()


async def test_each_exchange_has_its_place_told(world: World) -> None:
    made = list(envelopes(1, 20))
    assert await world.agent.write(messages(made)) == [None] * 20
    told = world.emitter.on(TOPICS.archived)
    assert [each.key for each in told] == [each.request_id.encode() for each in made]
    for each, envelope in zip(told, made, strict=True):
        place = decode_archived(each.value)
        data = await world.store.get(place.object, place.offset, place.length)
        assert data is not None
        assert read_member(data) == envelope
        assert (place.tenant, place.started_at) == (envelope.tenant, envelope.started_at)
        assert place.archived_at == utc(world.clock.now_s())
        sides = (place.request_bytes, place.response_bytes)
        parts = (envelope.request, envelope.response)
        assert sides == tuple(None if part is None else len(part.data) for part in parts)


async def test_nothing_is_told_of_what_is_not_durable(world: World) -> None:
    batch = messages(list(envelopes(1, 3)))
    world.store.trouble = StoreUnavailable("down", "away", 2)
    assert await world.agent.write(batch) == [Again("down", 2)] * 3
    assert not world.emitter.on(TOPICS.archived)
    world.store.trouble = None
    assert await world.agent.write(batch) == [None] * 3
    assert len(world.emitter.on(TOPICS.archived)) == 3


async def test_the_same_batch_again_tells_the_same_places(world: World) -> None:
    batch = messages(list(envelopes(1, 3)))
    await world.agent.write(batch)
    await world.agent.write(batch)
    told = [each.value for each in world.emitter.on(TOPICS.archived)]
    assert told[:3] == told[3:]
    assert len(world.store.objects) == 1


async def test_poison_goes_to_the_dead_letters_alone(world: World) -> None:
    first, last = messages(list(envelopes(1, 2)))
    poison = Message(b"k", b"no envelope", Position(EPOCH, TOPIC, 0, 7), 0.0)
    assert await world.agent.write([first, poison, last]) == [None] * 3
    (letter,) = [decode_dead_letter(each.value) for each in world.emitter.on(TOPICS.dead_letters)]
    assert (letter.origin.offset, letter.raw_value, letter.stage) == (7, b"no envelope", "archive")
    assert "undecodable" in letter.detail
    assert len(world.emitter.on(TOPICS.archived)) == 2
