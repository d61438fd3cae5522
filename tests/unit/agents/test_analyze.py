from dataclasses import replace

import pytest

from agents import analyze
from agents.dead_letters import DeadLetters
from agents.strikes import Patience
from app.analytics.row import COLUMNS, TABLE
from app.clock import ManualClock
from app.engine.contracts import Again, Message
from app.engine.memory import MemoryEmitter
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import decode_dead_letter
from app.sinks.clickhouse.memory import MemoryAnalytics
from app.sinks.clickhouse.table_sink import TableSink
from app.sinks.watch import SinkWatch
from tests.support.facts import fact, fact_message


class World:
    def __init__(self) -> None:
        self.engine = MemoryAnalytics({TABLE: ["tenant", "request_id"]})
        self.emitter = MemoryEmitter()
        metrics, clock = Metrics(), ManualClock()
        sink = TableSink(self.engine, TABLE, COLUMNS, name=analyze.NAME, pause_s=0)
        self.agent = analyze.agent_of(
            sink,
            dead=DeadLetters(
                self.emitter, "dead", stage=analyze.NAME, clock=clock, metrics=metrics
            ),
            watch=SinkWatch(sink.name, lambda: sink.state, metrics),
            clock=clock,
            patience=Patience(3, 0.0),
        )

    @property
    def users(self) -> list[object]:
        return [row["user"] for row in self.engine.rows(TABLE)]

    @property
    def dead(self) -> list[tuple[int, str]]:
        letters = [decode_dead_letter(each.value) for each in self.emitter.on("dead")]
        return [(letter.origin.offset, letter.reason) for letter in letters]


def messages(*users: str) -> list[Message]:
    return [
        fact_message(
            fact(user=user, request_id=f"0195950e-3b4a-7c3d-8e5f-{number:012x}"), offset=number
        )
        for number, user in enumerate(users)
    ]


@pytest.fixture
async def world() -> World:
    return World()


async def test_each_fact_is_a_row_however_its_batch_is_cut(world: World) -> None:
    batch = messages("a", "b", "c")
    assert await world.agent.write(batch) == [None] * 3
    assert await world.agent.write(batch[1:]) == [None] * 2
    assert await world.agent.write(batch[:2]) == [None] * 2
    assert world.users == ["a", "b", "c"]


async def test_what_is_no_fact_or_is_refused_ends_alone(world: World) -> None:
    world.engine.poison = lambda row: row["user"] == "bad"
    batch = messages("a", "bad", "x", "b")
    batch[2] = replace(batch[2], value=b"{")
    assert await world.agent.write(batch) == [None] * 4
    assert world.users == ["a", "b"]
    assert sorted(world.dead) == [(1, "sink_refused"), (2, "undecodable")]


async def test_an_engine_that_is_away_is_waited_for(world: World) -> None:
    world.engine.is_down = True
    assert [type(each) for each in await world.agent.write(messages("a"))] == [Again]
    assert world.dead == []
    world.engine.is_down = False
    assert await world.agent.write(messages("a")) == [None]
    assert world.users == ["a"]


def test_an_older_fact_without_prices_is_read() -> None:
    old = fact_message(fact())
    assert old.value is not None
    value = old.value.replace(b',"prices":{"input":"0.15","output":"0.6"}', b"")
    assert value != old.value
    row = dict(zip(COLUMNS, analyze.decode(replace(old, value=value)), strict=True))
    assert row["prices"] == {}


def test_a_fact_of_an_unknown_version_is_refused() -> None:
    message = fact_message(fact())
    assert message.value is not None
    value = message.value.replace(b'"schema_version":1', b'"schema_version":9')
    with pytest.raises(RecordError):
        analyze.decode(replace(message, value=value))
