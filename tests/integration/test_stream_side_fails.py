"""The stream side fails, the relay goes on: role `all`, a real broker, real streams."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.totals import until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]
STREAMS = 50
REQUEST = {
    "model": "gpt-4o-mini",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "a long story"}],
}
SCRIPT = {"x-mock-chunks": "100", "x-mock-delay-ms": "60"}


@pytest.fixture
async def everything(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Process]:
    """A process in role `all`, ready."""
    process = Process(
        tmp_path / "all",
        role="all",
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__topic_prefix=topic_prefix,
        kafka__partitions=4,
        kafka__session_timeout_s=6,
        engine__restart_backoff_max_s=2,
    ).start()
    try:
        yield await process.until_ready()
    finally:
        process.kill()


async def stream(session: aiohttp.ClientSession, url: str, user: str) -> bytes:
    """The whole body of one streamed answer."""
    headers = {**SCRIPT, "Tailrace-User-Id": user}
    async with session.post(f"{url}/v1/chat/completions", json=REQUEST, headers=headers) as answer:
        assert answer.status == 200
        return await answer.read()


async def limit_messages(broker: KafkaBroker, topic: str, max_bytes: int) -> None:
    """Let a topic take messages up to a size alone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        configs = {"max.message.bytes": str(max_bytes), "cleanup.policy": "compact"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])
    finally:
        await admin.close()


async def test_a_changelog_failure_cuts_no_stream(
    everything: Process, kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """50 streams are open when the changelog refuses; each ends byte for byte as a direct one."""
    changelog = f"tailrace-{topic_prefix}-users-changelog"
    timeout = aiohttp.ClientTimeout(total=90)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        direct = await stream(session, f"{everything.url}/internal/mock", "nobody")
        relayed = [
            asyncio.create_task(stream(session, f"{everything.url}/mock", f"user-{number}"))
            for number in range(STREAMS)
        ]
        await asyncio.sleep(1)
        await limit_messages(kafka_broker, changelog, 60)
        await plain_call(session, everything.url, "trigger")
        await until_state(everything, "degraded")
        await plain_call(session, everything.url, "meanwhile")
        assert not any(task.done() for task in relayed), "the streams ended too soon to tell"
        assert [body == direct for body in await asyncio.gather(*relayed)] == [True] * STREAMS
    await limit_messages(kafka_broker, changelog, 1 << 20)
    await everything.until_ready()
    await until_counted(everything, STREAMS + 2)
    assert everything.stop() == 0


async def plain_call(session: aiohttp.ClientSession, url: str, user: str) -> None:
    """One exchange that is not streamed."""
    body = {**REQUEST, "stream": False}
    headers = {"Tailrace-User-Id": user}
    async with session.post(f"{url}/mock/v1/chat/completions", json=body, headers=headers) as reply:
        assert reply.status == 200
        await reply.read()


async def until_state(process: Process, state: str) -> None:
    """Wait until readiness says so."""
    async with asyncio.timeout(30):
        while True:
            status, answer = await process.get("/health/ready")
            if isinstance(answer, dict) and answer["status"] == state:
                assert status == 200
                return
            await asyncio.sleep(0.05)


async def test_a_broker_that_comes_late(own_kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """Booted without a broker, calls are relayed; once it is there, all are counted."""
    own_kafka_broker.kill()
    process = Process(
        tmp_path / "all",
        kafka__bootstrap_servers=own_kafka_broker.bootstrap_servers,
        kafka__partitions=4,
        engine__restart_backoff_max_s=2,
    ).start()
    try:
        await until_state(process, "degraded")
        async with aiohttp.ClientSession() as session:
            for number in range(20):
                await plain_call(session, process.url, f"user-{number}")
        own_kafka_broker.start()
        await process.until_ready()
        await until_counted(process, 20)
        assert process.stop() == 0
    finally:
        process.kill()
