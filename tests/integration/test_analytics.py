"""Records through the meter into a real analytics engine: its totals are those of the live tables.

Engine and worker are killed under load, facts are read again in other batches, a row is refused.
"""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.record.codec import decode_dead_letter
from app.record.topics import Topics
from tests.support.analysed import (
    assert_analysed,
    read_facts_again,
    rows_written,
    until_analysed,
    until_written,
)
from tests.support.analytics import EngineProcess
from tests.support.consume import consume_all
from tests.support.embedded import needs_embedded
from tests.support.exchanges import Ledger, exchanges, user_names
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import assert_exact, until_counted

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.embedded, needs_embedded),
    *(pytest.mark.slow, pytest.mark.timeout(180)),
]
COUNT = 3000
PART = "sink analytics"


def worker_of(
    broker: KafkaBroker, prefix: str, engine: EngineProcess, data_dir: Path, **settings: object
) -> Process:
    """A worker on the real broker and the real engine."""
    return Process(
        data_dir,
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__topic_prefix=prefix,
        kafka__partitions=4,
        kafka__session_timeout_s=6,
        analytics__url=engine.url,
        analytics__batch_age_s=0.2,
        **settings,
    )


async def degraded_parts(worker: Process) -> list[str]:
    """What readiness says is not well."""
    status, answer = await worker.get("/health/ready")
    assert status == 200, answer
    return list(answer["degraded"])


async def until_degraded(worker: Process) -> None:
    """Wait until readiness names the sink: from the end of its first attempt without the engine."""
    async with asyncio.timeout(30):
        while PART not in await degraded_parts(worker):
            await asyncio.sleep(0.05)


async def test_totals_are_those_of_the_live_tables_whatever_is_killed(
    kafka_broker: KafkaBroker,
    own_analytics_engine: EngineProcess,
    topic_prefix: str,
    tmp_path: Path,
) -> None:
    """3,000 exchanges and 600 of them again, the engine killed in the middle of an insert.

    Metering goes on without it and readiness names it; when it is back, all is there once. Then
    the facts once more in small batches, the worker killed among them.
    """
    engine = await own_analytics_engine.start()
    servers, ledger = kafka_broker.bootstrap_servers, Ledger()
    records = ledger.add_all(exchanges(11, COUNT, started_at=datetime.now(UTC)))
    again = random.Random(5).sample(records, 600)
    worker = worker_of(
        kafka_broker, topic_prefix, engine, tmp_path / "w", analytics__batch_records=100
    ).start()
    try:
        await worker.until_ready()
        sending = asyncio.create_task(produce(servers, [*records, *again], prefix=topic_prefix))
        await until_written(worker, COUNT // 10)
        engine.kill()
        await sending
        await until_counted(worker, COUNT)
        assert await rows_written(worker) < COUNT
        await until_degraded(worker)
        status, _ = await worker.get("/api/v1/stats")
        assert status == 503
        await assert_exact(worker, ledger)
        await engine.start()
        await until_analysed(worker, COUNT)
        await assert_analysed(worker, ledger)
        assert await degraded_parts(worker) == []
        worker.stop()
        await read_facts_again(kafka_broker, topic_prefix)
        worker.settings["analytics__batch_records"] = 37
        worker.start()
        await until_written(worker, COUNT // 3)
        worker.kill()
        worker.settings["analytics__batch_records"] = 411
        worker.start()
        await until_written(worker, COUNT // 2)
        await worker.until_ready()
        await until_analysed(worker, COUNT)
        await assert_analysed(worker, ledger)
        await assert_exact(worker, ledger)
        assert await consume_all(servers, Topics(topic_prefix).dead_letters) == []
    finally:
        worker.kill()


async def test_a_row_that_is_refused_ends_alone(
    kafka_broker: KafkaBroker,
    analytics_engine: EngineProcess,
    topic_prefix: str,
    tmp_path: Path,
) -> None:
    """One in the middle of 300: a dead letter with its reason, and the others are stored."""
    servers, ledger = kafka_broker.bootstrap_servers, Ledger()
    records = ledger.add_all(exchanges(12, 300, started_at=datetime.now(UTC), users=user_names(5)))
    poison = records[150].model_copy(
        update={"user": "poison", "request_id": "00000000-0000-8000-8000-00000000dead"}
    )
    worker = worker_of(kafka_broker, topic_prefix, analytics_engine, tmp_path / "w")
    worker.settings["analytics__url"] = analytics_engine.url_of(
        f"of_{topic_prefix}".replace("-", "_")
    )
    client = analytics_engine.client(worker.settings["analytics__url"].rpartition("/")[2])
    await client.start()
    await client._client.command("ALTER TABLE exchanges ADD CONSTRAINT c CHECK user != 'poison'")
    worker.start()
    try:
        await worker.until_ready()
        await produce(servers, [*records[:150], poison, *records[150:]], prefix=topic_prefix)
        await until_counted(worker, 301)
        await until_analysed(worker, 300)
        await assert_analysed(worker, ledger)
        topic = Topics(topic_prefix).dead_letters
        async with asyncio.timeout(20):
            while not (letters := await consume_all(servers, topic)):
                await asyncio.sleep(0.1)
        (letter,) = [decode_dead_letter(each.value) for each in letters]
        assert (letter.stage, letter.reason) == ("analytics", "sink_refused")
        assert poison.request_id.encode() == letters[0].key
        assert worker.stop() == 0
    finally:
        worker.kill()
        await client.close()
