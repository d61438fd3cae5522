"""Topics made anew, and a topic read again from its start: nothing skipped, nothing doubled."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.record.topics import Topics
from tests.integration.test_meter_killed import worker
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.offsets import read_again
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import assert_exact, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.parametrize("with_changelogs", [False, True], ids=["sources", "all topics"])
async def test_topics_deleted_and_made_anew(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path, with_changelogs: bool
) -> None:
    """Traffic, the topics deleted while the worker is down, other traffic: both are counted."""
    ledger, servers = Ledger(), kafka_broker.bootstrap_servers
    before = ledger.add_all(exchanges(21, 600, started_at=datetime.now(UTC)))
    after = ledger.add_all(exchanges(22, 300, started_at=datetime.now(UTC)))
    process = worker(kafka_broker, topic_prefix, tmp_path / "w").start()
    try:
        await process.until_ready()
        await produce(servers, before, prefix=topic_prefix)
        await until_counted(process, len(before))
        assert process.stop() == 0
        names = {spec.name for spec in Topics(topic_prefix).specs()}
        if with_changelogs:
            names |= {name for name in await kafka_broker.topics() if topic_prefix in name}
        await kafka_broker.delete_topics(names)
        process.start()
        await process.until_ready()
        await produce(servers, after, prefix=topic_prefix)
        await until_counted(process, len(before) + len(after))
        await produce(servers, before[:100], prefix=topic_prefix)
        await asyncio.sleep(2)
        await assert_exact(process, ledger)
    finally:
        process.kill()


async def test_reading_exchanges_again_from_the_start_changes_no_total(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """The group's offsets are set back to 0; once more with an empty data directory."""
    ledger, servers = Ledger(), kafka_broker.bootstrap_servers
    records = ledger.add_all(exchanges(23, 800, started_at=datetime.now(UTC)))
    topics = Topics(topic_prefix)
    process = worker(kafka_broker, topic_prefix, tmp_path / "w").start()
    try:
        await process.until_ready()
        await produce(servers, [*records, *records[:200]], prefix=topic_prefix)
        await until_counted(process, len(records))
        for again in (process, worker(kafka_broker, topic_prefix, tmp_path / "empty")):
            assert process.stop() == 0
            await read_again(servers, topic_prefix, [topics.exchanges], 4)
            process = again.start()
            await process.until_ready()
            await until_read_again(process, len(records))
            await assert_exact(process, ledger)
    finally:
        process.kill()


async def until_read_again(process: Process, count: int) -> None:
    """Wait until the meter has repeated every record."""
    async with asyncio.timeout(60):
        while await repeated(process) < count:
            await asyncio.sleep(0.1)


async def repeated(process: Process) -> float:
    """How many records the meter knew already, by its metric."""
    _, text = await process.get("/metrics")
    for line in str(text).splitlines():
        if line.startswith('tailrace_metered_total{verdict="repeated"}'):
            return float(line.rsplit(" ", 1)[1])
    return 0
