"""The role `proxy` alone: it joins no group; its streams finish on SIGTERM and are published."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from app.record.codec import decode_record
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import BODY

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(120)]
STREAMS = 8


async def groups(broker: KafkaBroker) -> set[str]:
    """The consumer groups that the broker knows."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        return {group[0] for group in await admin.list_consumer_groups()}
    finally:
        await admin.close()


async def proxy_on(broker: KafkaBroker, directory: Path) -> Process:
    """A process in role `proxy`, not started yet; the topics are there."""
    await broker.create_topics(Topics().specs(), 2)
    return Process(
        directory / "proxy", role="proxy", kafka__bootstrap_servers=broker.bootstrap_servers
    )


async def published(broker: KafkaBroker) -> list[Any]:
    """All records on the topic."""
    found = await consume_all(broker.bootstrap_servers, Topics().exchanges)
    return [decode_record(message.value) for message in found]


async def test_streams_finish_and_are_published_and_no_group_is_joined(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    proxy = await proxy_on(own_kafka_broker, tmp_path)
    begun = asyncio.Semaphore(0)

    async def stream(session: aiohttp.ClientSession) -> tuple[str, bytes]:
        headers = {"x-mock-chunks": "40", "x-mock-delay-ms": "50"}
        url = f"{proxy.url}/mock/v1/chat/completions"
        async with session.post(url, json={**BODY, "stream": True}, headers=headers) as answer:
            first = await answer.content.readany()
            begun.release()
            return answer.headers["tailrace-request-id"], first + await answer.read()

    try:
        await proxy.start().until_live()
        async with aiohttp.ClientSession() as session:
            under_way = [asyncio.ensure_future(stream(session)) for _ in range(STREAMS)]
            for _ in range(STREAMS):
                await begun.acquire()
            assert await groups(own_kafka_broker) == set()
            assert await asyncio.to_thread(proxy.stop) == 0
            done = await asyncio.gather(*under_way)
    finally:
        proxy.kill()
    assert all(body.endswith(b"data: [DONE]\n\n") for _, body in done)
    assert len({body.count(b"data: ") for _, body in done}) == 1
    found = await published(own_kafka_broker)
    records = {each.request_id: each for each in found}
    assert {records[request_id].outcome for request_id, _ in done} == {"completed"}
    assert len(found) == STREAMS


async def test_a_stop_does_not_wait_for_clients_that_leave_and_keeps_their_records(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """Streams of a minute; the clients hang up a moment after SIGTERM."""
    proxy = await proxy_on(own_kafka_broker, tmp_path)
    answers: list[aiohttp.ClientResponse] = []
    try:
        await proxy.start().until_ready()
        url = f"{proxy.url}/mock/v1/chat/completions"
        headers = {"x-mock-chunks": "60", "x-mock-delay-ms": "1000"}
        async with aiohttp.ClientSession() as session:
            for _ in range(STREAMS):
                answer = await session.post(url, json={**BODY, "stream": True}, headers=headers)
                await answer.content.readany()
                answers.append(answer)
            stopping = asyncio.create_task(asyncio.to_thread(proxy.stop, 20))
            await asyncio.sleep(1)
            for answer in answers:
                answer.close()
        assert await stopping == 0
    finally:
        proxy.kill()
    records = await published(own_kafka_broker)
    ids = {answer.headers["tailrace-request-id"] for answer in answers}
    assert {record.request_id for record in records} == ids
    assert {record.outcome for record in records} == {"client_abort"}
