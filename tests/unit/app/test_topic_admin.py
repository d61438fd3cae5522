import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from app.embedded.broker import broker_child
from app.embedded.children import Child
from app.embedded.data_dir import DataDir
from app.embedded.ports import Ports
from app.errors import Unavailable
from app.record.topics import Topics, TopicSpec
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


async def ensure(servers: str, *specs: TopicSpec) -> list[str]:
    return await ensure_topics(
        specs, partitions=3, replication_factor=1, connection={"bootstrap_servers": servers}
    )


async def assert_made_once(servers: str, prefix: str) -> None:
    """New ones are named, known ones are not; several callers at once agree."""
    specs = Topics(prefix).specs()
    first = await asyncio.gather(*[ensure(servers, *specs) for _ in range(3)])
    assert sorted(name for names in first for name in names) == sorted(spec.name for spec in specs)
    late = TopicSpec(f"{prefix}.late", partitions=2)
    assert await ensure(servers, *specs, late) == [late.name]
    assert await ensure(servers, *specs, late) == []


@needs_embedded
@pytest.mark.embedded
async def test_topics_are_made_once_on_the_embedded_broker(embedded_servers: str) -> None:
    await assert_made_once(embedded_servers, "t")


@pytest.mark.kafka
async def test_topics_are_made_once_on_kafka(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    await assert_made_once(kafka_broker.bootstrap_servers, topic_prefix)


@pytest.mark.kafka
async def test_partitions_and_configs_are_the_specs(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    configs = {"cleanup.policy": "compact,delete", "retention.ms": "1000"}
    two = TopicSpec(f"{topic_prefix}.two", partitions=2, configs=configs)
    three = TopicSpec(f"{topic_prefix}.three")
    await ensure(kafka_broker.bootstrap_servers, two, three)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap_servers)
    await admin.start()
    try:
        described = await admin.describe_topics([two.name, three.name])
        counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, two.name)])
    finally:
        await admin.close()
    assert counts == {two.name: 2, three.name: 3}
    found: dict[str, Any] = {row[0]: row[1] for row in answers[0].resources[0][4]}
    assert set(found["cleanup.policy"].split(",")) == {"compact", "delete"}
    assert found["retention.ms"] == "1000"


@pytest.mark.kafka
async def test_a_topic_the_broker_refuses_is_named(kafka_broker: KafkaBroker) -> None:
    with pytest.raises(Unavailable, match=r"refuses topic no/such: InvalidTopicError"):
        await ensure(kafka_broker.bootstrap_servers, TopicSpec("no/such"))


async def test_no_broker_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="topics cannot be made"):
        await ensure("127.0.0.1:9", TopicSpec("t"))
