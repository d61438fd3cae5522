"""The facts of the past, in memory and on a real broker."""

from datetime import timedelta

import pytest

from app.errors import Unavailable
from app.record.codec import encode_fact
from app.record.fact import Fact
from app.record.topics import TopicSpec
from app.topic_admin import ensure_topics
from app.webhooks.facts import FactLog, FactTopic, MemoryFacts
from tests.support.facts import fact_of
from tests.support.kafka import KafkaBroker
from tests.support.processes import free_port
from tests.support.produce import produce_raw
from tests.support.records import STARTED_AT, record

FACTS = [
    fact_of(
        record(request_id=f"0195950e-3b4a-7c3d-8e5f-{number:012x}"),
        metered_at=STARTED_AT + timedelta(seconds=number),
    )
    for number in range(20)
]


async def found(log: FactLog, enough: int = 10**9, only: list[str] | None = None) -> list[str]:
    seen: list[Fact] = []

    def keep(fact: Fact) -> bool:
        seen.append(fact)
        return len(seen) >= enough

    await log.read(0.0, None, keep, only=only)
    return sorted({each.record.request_id for each in seen})


async def all_named_and_enough(log: FactLog) -> None:
    """What both must do."""
    ids = [each.record.request_id for each in FACTS]
    assert await found(log) == ids
    assert await found(log, only=ids[3:5]) == ids[3:5]
    assert 1 <= len(await found(log, enough=1)) <= 2


async def test_in_memory() -> None:
    await all_named_and_enough(MemoryFacts(FACTS))
    window: list[Fact] = []
    since, before = (STARTED_AT + timedelta(seconds=each) for each in (5, 8))
    await MemoryFacts(FACTS).read(
        since.timestamp(), before.timestamp(), lambda fact: window.append(fact) is not None
    )
    assert window == FACTS[5:8]


@pytest.mark.kafka
async def test_on_a_broker(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}.facts"
    connection = {"bootstrap_servers": kafka_broker.bootstrap_servers}
    await ensure_topics(
        [TopicSpec(topic)], partitions=3, replication_factor=1, connection=connection
    )
    log = FactTopic(connection, topic)
    assert await found(log) == []
    messages = [(each.record.request_id.encode(), encode_fact(each)) for each in FACTS]
    await produce_raw(kafka_broker.bootstrap_servers, topic, [*messages, (b"k", b"no fact")])
    await all_named_and_enough(log)
    seen: list[Fact] = []
    await log.read(4e9, None, lambda fact: seen.append(fact) is not None)
    assert seen == []


async def test_without_a_broker_it_is_unavailable() -> None:
    log = FactTopic({"bootstrap_servers": f"127.0.0.1:{free_port()}"}, "facts")
    with pytest.raises(Unavailable):
        await found(log)
