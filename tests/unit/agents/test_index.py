"""The agent on `archived`: rows by identity, the unreadable apart."""

import pytest

from agents.index import NAME, index_agent
from app.clock import ManualClock
from app.engine.contracts import Again, Message, Position
from app.engine.memory import MemoryEmitter
from app.metrics import Metrics
from app.record.archived import ArchivedBodies
from app.record.codec import decode_dead_letter, encode_archived
from app.record.topics import Topics
from app.sinks.archive.location_row import COLUMNS, TABLE
from app.sinks.clickhouse.memory import MemoryAnalytics
from app.sinks.clickhouse.table_sink import TableSink
from app.sinks.watch import SinkWatch
from tests.unit.app.record.test_archived import PLACE

TOPICS = Topics("t")


def message(value: bytes | None, offset: int = 0) -> Message:
    return Message(b"k", value, Position("e", TOPICS.archived, 0, offset), 0.0)


def of(place: ArchivedBodies, offset: int = 0) -> Message:
    return message(encode_archived(place), offset)


class World:
    def __init__(self) -> None:
        self.engine = MemoryAnalytics({TABLE: ("tenant", "request_id")})
        self.emitter = MemoryEmitter()
        metrics, clock = Metrics(), ManualClock()
        sink = TableSink(self.engine, TABLE, COLUMNS, name=NAME, pause_s=0)
        watch = SinkWatch(sink.name, lambda: sink.state, metrics)
        self.agent = index_agent(
            sink, self.emitter, TOPICS, watch=watch, clock=clock, metrics=metrics
        )

    def objects(self) -> dict[str, str]:
        return {row["tenant"]: row["object"] for row in self.engine.rows(TABLE)}


@pytest.fixture
async def world() -> World:
    return World()


async def test_a_place_told_again_replaces_the_row(world: World) -> None:
    other = PLACE.model_copy(update={"tenant": "other"})
    later = PLACE.model_copy(update={"object": "acme/later"})
    assert await world.agent.write([of(PLACE), of(other), of(PLACE)]) == [None] * 3
    assert world.objects() == {"acme": PLACE.object, "other": PLACE.object}
    assert await world.agent.write([of(later)]) == [None]
    assert world.objects() == {"acme": "acme/later", "other": PLACE.object}


async def test_an_engine_that_is_away_is_waited_for(world: World) -> None:
    world.engine.is_down = True
    (result,) = await world.agent.write([of(PLACE)])
    assert isinstance(result, Again)
    assert world.objects() == {}


async def test_poison_goes_to_the_dead_letters_alone(world: World) -> None:
    batch = [of(PLACE), message(b"{", 1), message(None, 2)]
    assert await world.agent.write(batch) == [None] * 3
    letters = [decode_dead_letter(each.value) for each in world.emitter.on(TOPICS.dead_letters)]
    assert [(each.origin.offset, each.reason) for each in letters] == [
        (1, "undecodable"),
        (2, "undecodable"),
    ]
    assert world.objects() == {"acme": PLACE.object}
