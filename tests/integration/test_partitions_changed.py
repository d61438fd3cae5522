"""Another number of partitions: a new prefix, the records copied, every total as before."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.record.topics import Topics
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import assert_exact, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]
COUNT = 2000


def worker_of(broker: KafkaBroker, prefix: str, partitions: int, data_dir: Path) -> Process:
    return Process(
        data_dir,
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__topic_prefix=prefix,
        kafka__partitions=partitions,
        kafka__session_timeout_s=6,
    )


async def topics(asked: Process, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `tailrace topics …` with a process's settings."""
    done = await asyncio.to_thread(asked.run, "topics", *arguments)
    return done.returncode, done.stdout + done.stderr


async def test_the_way_that_topics_check_names(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    old, new = f"{topic_prefix}a", f"{topic_prefix}b"
    ledger = Ledger()
    records = ledger.add_all(exchanges(31, COUNT, started_at=datetime.now(UTC)))
    before = worker_of(kafka_broker, old, 2, tmp_path / "old")
    await kafka_broker.create_topics(Topics(old).specs(), 2)
    await produce(kafka_broker.bootstrap_servers, records, prefix=old)
    after = worker_of(kafka_broker, new, 5, tmp_path / "new")
    try:
        await before.start().until_ready()
        await until_counted(before, COUNT)
        before.stop()
        changed = worker_of(kafka_broker, old, 5, tmp_path / "old")
        code, said = await topics(changed, "check")
        assert code != 0
        assert "topics copy --from" in said
        assert (await topics(after, "create"))[0] == 0
        for _ in range(2):
            code, said = await topics(after, "copy", "--from", old)
            assert (code, f"{COUNT} messages copied" in said) == (0, True), said
        assert (await topics(after, "check"))[0] == 0
        await after.start().until_ready()
        await until_counted(after, COUNT)
        await asyncio.sleep(1)
        await assert_exact(after, ledger)
        code, said = await topics(after, "copy", "--from", new)
        assert (code, "own topic prefix" in said) == (2, True)
    finally:
        for each in (before, after):
            if each.popen is not None:
                each.kill()
