"""Several processes on one port: killed under load, replaced, stopped; every record counted."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.accounting.reading import read_ledger
from app.record.codec import decode_record
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.pids import children_of, until_gone
from tests.support.processes import Process
from tests.support.relayed import BODY
from tests.support.totals import until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]
COUNT = 3
STREAM = {**BODY, "stream": True}
SCRIPT = {"x-mock-chunks": "40", "x-mock-delay-ms": "50"}


def proxies(data_dir: Path, broker: KafkaBroker, prefix: str, **settings: Any) -> Process:
    """A parent of three."""
    command = [sys.executable, "-m", "app", "worker", "--processes", str(COUNT)]
    given = {"role": "proxy", "kafka__partitions": 4, "kafka__topic_prefix": prefix, **settings}
    servers = broker.bootstrap_servers
    return Process(data_dir, command=command, kafka__bootstrap_servers=servers, **given)


async def call(url: str, **more: Any) -> str | None:
    """One call on a connection of its own; its id, or None where the connection broke."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{url}/mock/v1/chat/completions", **{"json": BODY, **more}) as reply,
        ):
            text = await reply.text()
            if reply.status == 502 and "upstream_reset" in text:
                # The mock provider lives in these processes: it died with the one killed.
                return None
            assert reply.status == 200, text
            return reply.headers["tailrace-request-id"]
    except aiohttp.ClientError:
        return None


async def by_process(parent: Process, name: str) -> dict[str, float]:
    """A metric of each process, summed over its other labels."""
    _, text = await parent.get("/metrics")
    found: dict[str, float] = {}
    for number, value in re.findall(
        rf'^tailrace_{name}{{process="(\d+)".*}} (.+)$', str(text), re.MULTILINE
    ):
        found[number] = found.get(number, 0.0) + float(value)
    return found


async def until_up(parent: Process, numbers: int = COUNT) -> None:
    """Wait until all processes answer, and publish."""
    await parent.until_live()
    async with asyncio.timeout(60):
        while sum((await by_process(parent, "process_up")).values()) != numbers:
            await asyncio.sleep(0.1)


async def load(url: str, ids: set[str], stop: asyncio.Event) -> None:
    """Calls until told to stop; the ids of those that were answered."""
    while not stop.is_set():
        if (made := await call(url)) is not None:
            ids.add(made)


async def test_one_killed_under_load_is_replaced_and_nothing_answered_is_missing(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """What is missing is what the successors report that the killed took with them, no more."""
    parent = proxies(tmp_path / "p", kafka_broker, topic_prefix).start()
    worker = Process(
        tmp_path / "w",
        role="worker",
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__partitions=4,
        kafka__topic_prefix=topic_prefix,
    ).start()
    ids: set[str] = set()
    stop = asyncio.Event()
    try:
        await worker.until_ready()
        await until_up(parent)
        loading = [asyncio.create_task(load(parent.url, ids, stop)) for _ in range(6)]
        for _ in range(2):
            await asyncio.sleep(2)
            before = children_of(parent.pid)
            assert len(before) == COUNT
            os.kill(min(before), signal.SIGKILL)
            until_gone(min(before))
            await until_up(parent)
        async with asyncio.timeout(60):
            while len(await by_process(parent, "relayed_total")) < COUNT:
                await asyncio.sleep(0.1)
        stop.set()
        await asyncio.gather(*loading)
        assert parent.stop() == 0
        killed = await counted_as_killed(kafka_broker, topic_prefix)
        found = [
            decode_record(message.value)
            for message in await consume_all(
                kafka_broker.bootstrap_servers, Topics(topic_prefix).exchanges
            )
        ]
        arrived = {record.request_id for record in found}
        assert len(ids) > 50
        assert len(ids - arrived) <= killed
        assert len({record.producer_id for record in found}) >= COUNT + 1
        await until_counted(worker, len(arrived))
    finally:
        parent.kill()
        worker.kill()


async def test_what_a_killed_one_had_spilled_is_its_successors(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """The broker is away, one is killed, the broker comes back: every answered call arrives."""
    topics = Topics("p")
    await own_kafka_broker.create_topics(topics.specs())
    parent = proxies(tmp_path / "p", own_kafka_broker, "p", publish__broker_patience_s=1).start()
    ids: set[str] = set()
    stop = asyncio.Event()
    try:
        await until_up(parent)
        own_kafka_broker.kill()
        loading = [asyncio.create_task(load(parent.url, ids, stop)) for _ in range(6)]
        async with asyncio.timeout(60):
            while min((await by_process(parent, "spill_messages")).values()) < 10:
                await asyncio.sleep(0.2)
        stop.set()
        await asyncio.gather(*loading)
        async with asyncio.timeout(30):
            while any((await by_process(parent, "queued_records")).values()):
                await asyncio.sleep(0.1)
        spilled = sum((await by_process(parent, "spill_messages")).values())
        os.kill(max(children_of(parent.pid)), signal.SIGKILL)
        await until_up(parent)
        async with asyncio.timeout(30):
            while sum((await by_process(parent, "spill_messages")).values()) < spilled:
                await asyncio.sleep(0.1)
        await asyncio.to_thread(own_kafka_broker.start)
        async with asyncio.timeout(60):
            while any((await by_process(parent, "spill_messages")).values()):
                await asyncio.sleep(0.2)
        assert parent.stop() == 0
    finally:
        parent.kill()
    found = await consume_all(own_kafka_broker.bootstrap_servers, topics.exchanges)
    assert {decode_record(message.value).request_id for message in found} == ids


async def counted_as_killed(broker: KafkaBroker, prefix: str) -> int:
    """What the successors reported of the dead; every account adds up."""
    servers = {"bootstrap_servers": broker.bootstrap_servers}
    ledger = await read_ledger(Topics(prefix), servers, since_s=0, until_s=1e11)
    lines = ledger.lines(young_from=1 << 40)
    assert lines
    return sum(line.dropped.get("killed", 0) for line in lines)


async def test_streams_in_flight_finish_on_sigterm_and_nothing_is_left(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Each is read to its end and has its record; no process stays."""
    await kafka_broker.create_topics(Topics(topic_prefix).specs())
    parent = proxies(tmp_path / "p", kafka_broker, topic_prefix).start()
    try:
        await until_up(parent)
        streams = [
            asyncio.create_task(call(parent.url, json=STREAM, headers=SCRIPT)) for _ in range(12)
        ]
        await asyncio.sleep(1)
        pids = [parent.pid, *children_of(parent.pid)]
        assert await asyncio.to_thread(parent.stop) == 0
        ids = {each for each in await asyncio.gather(*streams) if each}
        until_gone(*pids)
    finally:
        parent.kill()
    assert len(ids) == 12
    found = await consume_all(kafka_broker.bootstrap_servers, Topics(topic_prefix).exchanges)
    records = [decode_record(message.value) for message in found]
    assert {record.request_id for record in records} == ids
    assert {record.outcome for record in records} == {"completed"}


async def test_children_of_a_killed_parent_drain_and_end(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """SIGKILL to the parent alone: its streams finish, and no child outlives them."""
    await kafka_broker.create_topics(Topics(topic_prefix).specs())
    parent = proxies(tmp_path / "p", kafka_broker, topic_prefix).start()
    try:
        await until_up(parent)
        streams = [
            asyncio.create_task(call(parent.url, json=STREAM, headers=SCRIPT)) for _ in range(6)
        ]
        await asyncio.sleep(1)
        pids = list(children_of(parent.pid))
        parent.kill()
        ids = await asyncio.gather(*streams)
        assert None not in ids
        await asyncio.to_thread(until_gone, *pids, timeout_s=60)
    finally:
        parent.kill()
