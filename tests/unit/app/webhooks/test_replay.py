"""Deliveries made again from the facts of the past."""

from datetime import timedelta
from typing import cast

import pytest

from app.clock import ManualClock
from app.errors import QueryRefused
from app.ids import CountedIds
from app.plain_producer import Outgoing, PlainProducer
from app.record.codec import decode_delivery
from app.record.delivery import Delivery
from app.record.fact import Fact
from app.record.topics import Topics
from app.webhooks import replay
from app.webhooks.endpoint import Filters
from app.webhooks.facts import MemoryFacts
from app.webhooks.replay import Replays
from tests.support.endpoints import endpoint
from tests.support.facts import fact_of
from tests.support.records import STARTED_AT, record

HOUR = timedelta(hours=1)


class Produced:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []

    async def write(self, messages: list[Outgoing]) -> list[int]:
        self.messages += messages
        return []

    @property
    def deliveries(self) -> list[Delivery]:
        return [decode_delivery(each.value) for each in self.messages]


def request_id(number: int) -> str:
    return f"0195950e-3b4a-7c3d-8e5f-{number:012x}"


def fact(number: int, **changes: object) -> Fact:
    return fact_of(
        record(request_id=request_id(number), **changes),
        metered_at=STARTED_AT + timedelta(seconds=number),
    )


def replays(*facts: Fact) -> tuple[Replays, Produced]:
    produced = Produced()
    made = Replays(
        MemoryFacts(facts),
        cast(PlainProducer, produced),
        Topics(),
        ManualClock(),
        CountedIds().request_id,
    )
    return made, produced


async def test_by_id_whatever_the_filters_and_however_young_the_endpoint() -> None:
    made, produced = replays(*[fact(number) for number in range(5)], fact(7, tenant="acme"))
    young = endpoint(created_at=STARTED_AT + HOUR, filters=Filters(users=("nobody",)))
    done = await made.by_id(young, [request_id(1), request_id(3), request_id(7), request_id(9)])
    assert (done.queued, list(done.unknown_ids)) == (2, [request_id(7), request_id(9)])
    assert {each.fact.record.request_id for each in produced.deliveries} == {
        request_id(1),
        request_id(3),
    }
    assert {each.replay_id for each in produced.deliveries} == {done.replay_id}


async def test_each_replay_is_delivered_once_itself_under_the_id_of_old() -> None:
    made, produced = replays(fact(1))
    for _ in range(2):
        await made.by_id(endpoint(), [request_id(1)])
    one, two = produced.deliveries
    assert one.webhook_id == two.webhook_id
    assert one.name != two.name


async def test_by_time_as_the_filters_are_or_not() -> None:
    facts = [fact(number, user="bob" if number % 2 else "alice") for number in range(10)]
    bobs = endpoint(filters=Filters(users=("bob",)))
    made, produced = replays(*facts, facts[3])
    window = (STARTED_AT + timedelta(seconds=2), STARTED_AT + timedelta(seconds=8))
    assert (await made.by_time(bobs, *window, filtered=True)).queued == 3
    assert (await made.by_time(bobs, *window, filtered=False)).queued == 6
    assert len(produced.messages) == 9


async def test_too_many_are_refused_and_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MAX_DELIVERIES", 3)
    made, produced = replays(*[fact(number) for number in range(5)])
    with pytest.raises(QueryRefused, match="more than 3"):
        await made.by_time(endpoint(), STARTED_AT, STARTED_AT + HOUR, filtered=True)
    assert produced.messages == []
