"""Topic ids from a real broker: topics made anew are told from those of the same name before."""

import asyncio
from uuid import UUID

import pytest

from app.engine.topic_ids import topic_ids
from app.record.topics import Topics
from tests.support.kafka import KafkaBroker


@pytest.mark.kafka
async def test_a_topic_made_anew_has_another_id(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """Two lives of one name; a topic that is not there has no id."""
    topics, servers = Topics(topic_prefix), kafka_broker.bootstrap_servers
    wanted = [topics.exchanges, topics.facts]
    await kafka_broker.create_topics(topics.specs()[:1])
    before = await until_known(wanted, servers)
    await kafka_broker.delete_topics([topics.exchanges])
    await kafka_broker.create_topics(topics.specs()[:1])
    after = await until_known(wanted, servers)
    assert set(before) == set(after) == {topics.exchanges}
    assert before != after


async def until_known(topics: list[str], servers: str) -> dict[str, UUID]:
    """The ids once the new topic is in the broker's metadata."""
    async with asyncio.timeout(20):
        while not (ids := await topic_ids(topics, bootstrap_servers=servers)):
            await asyncio.sleep(0.05)
    return ids
