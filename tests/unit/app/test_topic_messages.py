"""A topic read up to its end, on Apache Kafka and on the embedded broker."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.embedded.broker import accepts_connections, broker_child
from app.embedded.data_dir import DataDir
from app.errors import Unavailable
from app.record.topics import TopicSpec
from app.topic_admin import ensure_topics
from app.topic_messages import messages_until_now
from tests.support.embedded import needs_embedded
from tests.support.kafka import KafkaBroker
from tests.support.processes import free_port
from tests.support.produce import produce_raw

TOPIC = "letters"


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[str]:
    port = free_port()
    child = broker_child(DataDir.at(tmp_path), port)
    process = subprocess.Popen(
        child.command,
        env=dict(child.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while not await accepts_connections(port):
                await asyncio.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


async def values(servers: str, topic: str, **options: object) -> list[bytes]:
    found = messages_until_now(topic, {"bootstrap_servers": servers}, **options)  # type: ignore[arg-type]
    return sorted([message.value async for message in found])


async def all_is_found(servers: str, topic: str) -> None:
    """One batch, and another one: the end that the broker names may lie within the last."""
    connection = {"bootstrap_servers": servers}
    spec = TopicSpec(topic, 2)
    await ensure_topics([spec], partitions=2, replication_factor=1, connection=connection)
    assert await values(servers, topic) == []
    sent = []
    for batch in range(2):
        messages = [(b"k", b"%d" % (batch * 4 + number)) for number in range(4)]
        places = await produce_raw(servers, topic, messages)
        sent += [(place, value) for place, (_, value) in zip(places, messages, strict=True)]
        assert await values(servers, topic) == [value for _, value in sent]
    (partition, offset), value = sent[-1]
    assert value in await values(servers, topic, places={partition: [offset]})
    assert await values(servers, topic, places={partition: [offset + 1000]}) == []
    assert await values(servers, topic, places={99: [0]}) == []
    with pytest.raises(Unavailable, match="there is no topic nobodys"):
        await values(servers, "nobodys")


@pytest.mark.kafka
async def test_apache_kafka(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    servers = kafka_broker.bootstrap_servers
    await all_is_found(servers, f"{topic_prefix}.{TOPIC}")
    recent = await values(servers, f"{topic_prefix}.{TOPIC}", since_s=time.time() - 600)
    assert len(recent) == 8
    assert await values(servers, f"{topic_prefix}.{TOPIC}", since_s=time.time() + 600) == []


@needs_embedded
@pytest.mark.embedded
async def test_the_embedded_broker(embedded: str) -> None:
    await all_is_found(embedded, TOPIC)


async def test_no_broker() -> None:
    with pytest.raises(Unavailable):
        await values("127.0.0.1:1", TOPIC)
