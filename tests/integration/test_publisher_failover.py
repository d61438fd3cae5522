"""The ways out of real processes on a real broker: killed, away at boot, and a fallback's."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from app.record.codec import decode_record
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import Calls, metric, until_publishing
from tests.support.totals import requests_counted, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]
TOKEN = "the-token-of-this-test"
QUICK = {"kafka__session_timeout_s": 6, "kafka__partitions": 4}


def process(data_dir: Path, servers: str, prefix: str = "p", **settings: Any) -> Process:
    """A process on a broker, or on none."""
    given = {"kafka__bootstrap_servers": servers, "kafka__topic_prefix": prefix, **QUICK}
    return Process(data_dir, **{**given, **settings})


async def assert_counted_once(worker: Process, calls: Calls) -> None:
    """Every call is in the live tables, once, under its user."""
    await until_counted(worker, sum(calls.users.values()))
    await asyncio.sleep(2)
    assert {user: await requests_of(worker, user) for user in calls.users} == calls.users


async def requests_of(worker: Process, user: str) -> int:
    """A user's requests, once the tables can be asked: a broker that comes back makes them move."""
    async with asyncio.timeout(60):
        while True:
            status, answer = await worker.get(f"/api/v1/users/{user}")
            if status != 503:
                assert status == 200, answer
                return int(answer["requests"])
            await asyncio.sleep(0.2)


async def records_on(broker: KafkaBroker, prefix: str) -> list[Any]:
    """All records on the topic, duplicates included."""
    messages = await consume_all(broker.bootstrap_servers, Topics(prefix).exchanges)
    return [decode_record(message.value) for message in messages]


async def test_a_broker_killed_under_load_and_started_again(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """Twice. Calls go on meanwhile and spill; then everything is counted exactly once."""
    worker = process(tmp_path / "w", own_kafka_broker.bootstrap_servers, role="all").start()
    calls = Calls()
    try:
        await worker.until_ready()
        for _ in range(2):
            load = asyncio.create_task(calls.make(worker, 600, pause_s=0.02))
            await asyncio.sleep(2)
            await asyncio.to_thread(own_kafka_broker.kill)
            await until_publishing(worker, "spilling")
            await load
            assert await metric(worker, "spill_messages") > 0
            await asyncio.to_thread(own_kafka_broker.start)
            await until_publishing(worker, "direct")
        await assert_counted_once(worker, calls)
        assert await metric(worker, "spill_messages") == 0
        assert await metric(worker, "published_total", way="replay") > 0
        found = await records_on(own_kafka_broker, "p")
        assert {record.request_id for record in found} == calls.ids
        assert worker.stop() == 0
    finally:
        worker.kill()


async def test_no_broker_at_boot_and_a_restart(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """Served and spilled, SIGTERM, then started with the broker there: the spill arrives."""
    topics = Topics("p")
    await own_kafka_broker.create_topics(topics.specs())
    own_kafka_broker.stop()
    servers, calls = own_kafka_broker.bootstrap_servers, Calls()
    proxy = process(tmp_path / "p", servers, role="proxy").start()
    try:
        await proxy.until_live()
        await calls.make(proxy, 200)
        await until_publishing(proxy, "spilling")
        assert proxy.stop() == 0
        await asyncio.to_thread(own_kafka_broker.start)
        proxy.start()
        await until_publishing(proxy, "direct")
        assert await metric(proxy, "spill_messages") == 0
        assert proxy.stop() == 0
    finally:
        proxy.kill()
    found = await records_on(own_kafka_broker, "p")
    assert {record.request_id for record in found} == calls.ids
    bodies = await consume_all(servers, topics.bodies)
    assert {message.key.decode() for message in bodies} == calls.ids
    sequences = sorted({record.sequence for record in found})
    assert sequences == list(range(200))


async def test_sigterm_just_after_the_broker_died(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """What waits for the broker then is spilled within the grace, and nothing is missing later."""
    await own_kafka_broker.create_topics(Topics("p").specs())
    proxy = process(
        tmp_path / "p",
        own_kafka_broker.bootstrap_servers,
        role="proxy",
        publish__drain_timeout_s=4,
        publish__broker_patience_s=60,
    ).start()
    calls = Calls()
    try:
        await proxy.until_ready()
        await calls.make(proxy, 50)
        while await metric(proxy, "published_total", way="kafka") < 100:
            await asyncio.sleep(0.05)
        own_kafka_broker.signal(signal.SIGSTOP)
        await calls.make(proxy, 50)
        assert proxy.stop() == 0
        assert [path for path in (tmp_path / "p" / "spill").rglob("*") if path.suffix]
        own_kafka_broker.kill()
        await asyncio.to_thread(own_kafka_broker.start)
        proxy.start()
        await until_publishing(proxy, "direct")
        assert proxy.stop() == 0
    finally:
        proxy.kill()
    found = await records_on(own_kafka_broker, "p")
    assert {record.request_id for record in found} == calls.ids


async def test_records_of_a_proxy_without_a_broker_arrive_at_its_fallback(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Exactly once, under its own producer; when the fallback is away as well, they are spilled."""
    servers = kafka_broker.bootstrap_servers
    b = process(tmp_path / "b", servers, topic_prefix, role="all", internal_token=TOKEN).start()
    a = process(
        tmp_path / "a", "127.0.0.1:1", role="proxy", fallback__url=b.url, fallback__token=TOKEN
    ).start()
    calls = Calls()
    try:
        await b.until_ready()
        await a.until_live()
        await until_publishing(a, "fallback")
        await calls.make(a, 300)
        await assert_counted_once(b, calls)
        b.kill()
        more = Calls()
        await more.make(a, 50)
        await until_publishing(a, "spilling")
        assert await metric(a, "spill_messages") > 0
        assert a.stop() == 0
        b.start()
        await b.until_ready()
        assert await requests_counted(b) == 300
    finally:
        a.kill()
        b.kill()
    found = await records_on(kafka_broker, topic_prefix)
    assert {record.request_id for record in found} == calls.ids
    assert len({record.producer_id for record in found}) == 1
    assert not found[0].producer_id.startswith("log:")
    assert {record.sequence for record in found} == set(range(300))
    bodies = await consume_all(servers, Topics(topic_prefix).bodies)
    assert {message.key.decode() for message in bodies} == calls.ids
