import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.structs import TopicPartition
from faust.types import TP

from app.engine.contracts import Again
from app.engine.lag import TopicLag
from tests.support.kafkaless import TOPIC
from tests.support.sinking import Fed, Recording, fed_app, until

SOURCE = TP(TOPIC, 0)
MESSAGES_S = 1_700_000_000.0


class Client:
    """The Kafka client of the thread, over aiokafka's own subscription."""

    def __init__(self) -> None:
        self._subscription = SubscriptionState()
        self._subscription.subscribe(topics={TOPIC})
        self.tp = TopicPartition(TOPIC, 0)
        self._subscription.assign_from_subscribed({self.tp})
        self.state: Any = self._subscription.subscription.assignment.state_value(self.tp)
        self.asked: list[Any] = []
        self.end = 0

    def assignment(self) -> set[TopicPartition]:
        """As the client's."""
        return {self.tp}

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """As the client's."""
        self.asked.append(tps)
        return dict.fromkeys(tps, self.end)


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch, fed: Fed) -> Client:
    client, thread = Client(), fed.app.reader.client_thread
    monkeypatch.setattr(thread, "_consumer", client)
    monkeypatch.setattr(thread, "_thread", SimpleNamespace(is_alive=lambda: True))
    monkeypatch.setattr(thread, "thread_loop", asyncio.get_running_loop())
    return client


@pytest.fixture
async def fed(tmp_path: Path) -> AsyncIterator[Fed]:
    async with fed_app(tmp_path, sink_hold_s=0.1) as fed:
        loop = fed.app.reader.client_thread.thread_loop
        yield fed
        fed.app.reader.client_thread.thread_loop = loop


async def lag(fed: Fed, *, ask: bool = False) -> TopicLag:
    return (await fed.app.lags(ask=ask))[TOPIC]


async def test_without_partitions_nothing_is_known(fed: Fed) -> None:
    fed.app.reader._leave()
    assert await fed.app.lags(ask=True) == {}


async def test_before_the_first_fetch_nothing_is_known(fed: Fed, client: Client) -> None:
    assert await lag(fed) == TopicLag(None, None)


async def test_a_topic_that_is_read_to_its_end(fed: Fed, client: Client) -> None:
    client.state.highwater = client.state._position = 7
    assert await lag(fed) == TopicLag(0, 0.0)


async def test_what_is_buffered_or_taken_is_not_handled(fed: Fed, client: Client) -> None:
    client.state.highwater, client.state._position = 9, 7
    await fed.feed(4, 5, 6)
    behind = await lag(fed)
    assert behind.records == 5
    assert behind.age_s == pytest.approx(time() - MESSAGES_S, abs=5)
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await until(lambda: fed.taken == {4, 5, 6})
    assert (await lag(fed)).records == 5
    fed.app.reader._delivered[SOURCE] = 6
    sink.gate.set()
    await until(lambda: fed.acked() == [4, 5, 6])
    assert (await lag(fed)).records == 2


async def test_what_was_handled_last_was_so_old(fed: Fed, client: Client) -> None:
    client.state.highwater = client.state._position = 1
    fed.batches(Recording())
    await fed.feed(0)
    await until(lambda: fed.acked() == [0])
    assert (await lag(fed)).age_s == pytest.approx(time() - MESSAGES_S, abs=5)


async def test_what_waits_to_be_read_again_is_not_handled_and_ages(
    fed: Fed, client: Client
) -> None:
    client.state.highwater = client.state._position = 3
    sink = Recording()
    sink.again = {1: Again("tomorrow", 60.0)}
    fed.batches(sink)
    await fed.feed(0, 1, 2)
    await until(lambda: bool(fed.app.reader._rewinds))
    behind = await lag(fed)
    assert behind.records == 2
    assert behind.age_s == pytest.approx(time() - MESSAGES_S, abs=5)


async def test_a_partition_that_is_not_fetched_is_asked_for(
    fed: Fed, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.state.highwater, client.state._position, client.end = 5, 5, 50
    monkeypatch.setattr(fed.app.reader, "fetchable", lambda: {SOURCE})
    assert (await lag(fed, ask=True)).records == 0
    monkeypatch.setattr(fed.app.reader, "fetchable", set)
    assert (await lag(fed)).records == 0
    assert (await lag(fed, ask=True)).records == 45
    assert (await lag(fed)).records == 45
    assert len(client.asked) == 1


async def test_a_broker_that_answers_too_little_is_not_believed(fed: Fed, client: Client) -> None:
    client.state.highwater, client.state._position, client.end = 9, 7, 3
    fed.app.reader.held.add(SOURCE)
    assert (await lag(fed, ask=True)).records == 2


async def test_a_broker_that_does_not_answer_is_no_failure(
    fed: Fed, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(tps: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("app.engine.consumer_thread.ASK_S", 0.02)
    monkeypatch.setattr(client, "end_offsets", never)
    client.state.highwater, client.state._position = 9, 7
    fed.app.reader.held.add(SOURCE)
    assert (await lag(fed, ask=True)).records == 2


async def test_the_partitions_that_are_read(fed: Fed, client: Client) -> None:
    assert fed.app.assigned() == {TOPIC: [0]}
    fed.app.reader.reading_generation = None
    assert fed.app.assigned() == {}
