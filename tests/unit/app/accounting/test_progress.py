"""How far a group is, asked by somebody who is not in it, on both brokers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.accounting.progress import committed_offsets
from app.embedded.broker import broker_child
from app.embedded.children import Child
from app.embedded.data_dir import DataDir
from app.embedded.ports import Ports
from app.errors import Unavailable
from app.record.topics import TopicSpec
from app.topic_admin import ensure_topics
from tests.support.embedded import needs_embedded
from tests.support.kafka import KafkaBroker


@pytest.fixture
async def embedded_servers(tmp_path: Path) -> AsyncIterator[str]:
    port = Ports().pick(29_092)
    child = Child(broker_child(DataDir.at(tmp_path), port))
    await child.start()
    yield f"127.0.0.1:{port}"
    await child.stop()


async def commit(servers: str, group: str, topic: str, offset: int) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.commit({TopicPartition(topic, 0): offset})
    await consumer.stop()


async def is_told(servers: str, name: str) -> None:
    """First of a group that nobody has heard of."""
    connection = {"bootstrap_servers": servers}
    await ensure_topics(
        [TopicSpec(name, 2)], partitions=2, replication_factor=1, connection=connection
    )
    for offset in (0, 7):
        if offset:
            await commit(servers, name, name, offset)
        assert await committed_offsets(name, name, (0, 1), connection) == {0: offset, 1: 0}


@pytest.mark.kafka
async def test_on_kafka(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    await is_told(kafka_broker.bootstrap_servers, topic_prefix)


@needs_embedded
@pytest.mark.embedded
async def test_on_the_embedded_broker(embedded_servers: str) -> None:
    await is_told(embedded_servers, "t")


async def test_no_broker() -> None:
    with pytest.raises(Unavailable):
        async with asyncio.timeout(20):
            await committed_offsets("g", "t", (0,), {"bootstrap_servers": "127.0.0.1:1"})
