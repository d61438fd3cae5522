"""Several workers on Apache Kafka answer as one, while they are killed, stopped and started."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.record.model import Record
from tests.support.exchanges import Ledger, exchanges, user_names
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import assert_exact, until_counted
from tests.support.truth import Truth
from tests.support.watching import Watch

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]
TOKEN = "the-token-of-this-test"
USERS = user_names(60)


def process(broker: KafkaBroker, prefix: str, data_dir: Path, **settings: Any) -> Process:
    """A process of a deployment of six partitions."""
    given = {
        "role": "worker",
        "kafka__bootstrap_servers": broker.bootstrap_servers,
        "kafka__topic_prefix": prefix,
        "kafka__partitions": 6,
        "kafka__session_timeout_s": 6,
        "engine__standby_replicas": 1,
        "internal_token": TOKEN,
    }
    return Process(data_dir, **{**given, **settings})


async def send(broker: KafkaBroker, prefix: str, records: list[Record]) -> None:
    """All records, in pieces, over some seconds."""
    for start in range(0, len(records), 200):
        await produce(broker.bootstrap_servers, records[start : start + 200], prefix=prefix)
        await asyncio.sleep(0.3)


async def test_every_worker_answers_for_all_while_they_come_and_go(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Right, exactly or for its age, or an honest 503; in the end exact from all, and a proxy."""
    ledger = Ledger()
    records = ledger.add_all(exchanges(31, 9000, users=USERS, started_at=datetime.now(UTC)))
    three = [process(kafka_broker, topic_prefix, tmp_path / f"w{n}") for n in range(3)]
    proxy = process(
        kafka_broker, topic_prefix, tmp_path / "p", role="proxy", worker_url=three[1].url
    )
    try:
        for worker in three[:2]:
            worker.start()
        for worker in three[:2]:
            await worker.until_ready()
        proxy.start()
        watch = Watch(Truth(ledger), lambda: [*three, proxy])
        async with watch.on(USERS, USERS[:3]):
            sending = asyncio.create_task(send(kafka_broker, topic_prefix, records))
            await asyncio.sleep(1)
            three[2].start()
            await three[2].until_ready()
            three[0].kill()
            await asyncio.sleep(1)
            three[0].start()
            await three[0].until_ready()
            assert await asyncio.to_thread(three[1].stop) == 0
            three[1].start()
            await three[1].until_ready()
            await sending
            for each in (*three, proxy):
                await until_counted(each, len(records))
        for each in (*three, proxy):
            await assert_exact(each, ledger)
        assert watch.truth.wrong == []
        assert watch.truth.judged["exact"] > 100
        assert watch.truth.judged["stale"] > 0
        status, answer = await three[0].get("/api/v1/users")
        assert (status, answer["missing_workers"]) == (200, [])
        three[2].kill()
        status, answer = await three[0].get("/api/v1/users")
        assert status == 503 or answer["missing_workers"] == [three[2].url]
    finally:
        for each in (*three, proxy):
            if each.popen is not None:
                each.kill()
