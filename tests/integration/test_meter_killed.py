"""A worker killed in mid-stream, restarted: every total is exact, in the order produced."""

import asyncio
import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.record.keys import user_key
from tables import aggregate_codec
from tables.tally import REQUESTS
from tests.support.consume import consume_all
from tests.support.exchanges import Ledger, exchanges, user_names
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import assert_exact, requests_counted, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]


def worker(broker: KafkaBroker, prefix: str, data_dir: Path, partitions: int = 4) -> Process:
    """A worker on the real broker."""
    return Process(
        data_dir,
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__topic_prefix=prefix,
        kafka__partitions=partitions,
        kafka__session_timeout_s=6,
    )


@pytest.mark.parametrize("keep_data", [True, False], ids=["data kept", "data lost"])
async def test_sigkill_in_mid_stream_keeps_totals_exact(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path, keep_data: bool
) -> None:
    """5,000 records, SIGKILL in the middle twice, then the same topic once more from the start."""
    ledger = Ledger()
    records = ledger.add_all(exchanges(7, 5000, started_at=datetime.now(UTC)))
    first = worker(kafka_broker, topic_prefix, tmp_path / "w").start()
    try:
        await first.until_ready()
        sending = asyncio.create_task(
            produce(kafka_broker.bootstrap_servers, records, prefix=topic_prefix)
        )
        for share in (0.2, 0.6):
            while await requests_counted(first) < share * len(records):
                await asyncio.sleep(0.01)
            first.kill()
            if not keep_data:
                shutil.rmtree(first.data_dir)
            first.start()
            await first.until_ready()
        await sending
        await until_counted(first, len(records))
        await assert_exact(first, ledger)
        await produce(kafka_broker.bootstrap_servers, records[:500], prefix=topic_prefix)
        await asyncio.sleep(3)
        await assert_exact(first, ledger)
    finally:
        first.kill()


async def test_first_effects_are_in_the_order_produced(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """1,000 exchanges of each of 50 users over 8 partitions, a worker killed midway.

    Every state of every user that was ever written to the changelog holds exactly the first n
    records that the user sent: no effect came before that of an earlier record.
    """
    users = user_names(50)
    sources = [
        exchanges(seed, 1000, users=[user], started_at=datetime.now(UTC), spacing=timedelta(0))
        for seed, user in enumerate(users)
    ]
    records = [record for turn in zip(*sources, strict=True) for record in turn]
    process = worker(kafka_broker, topic_prefix, tmp_path / "w", partitions=8).start()
    try:
        await process.until_ready()
        sending = asyncio.create_task(
            produce(kafka_broker.bootstrap_servers, records, prefix=topic_prefix)
        )
        while await requests_counted(process) < len(records) / 2:
            await asyncio.sleep(0.05)
        process.kill()
        process.start()
        await process.until_ready()
        await sending
        await until_counted(process, len(records), timeout_s=150)
        assert process.stop() == 0
    finally:
        process.kill()
    states = await consume_all(
        kafka_broker.bootstrap_servers, f"tailrace-{topic_prefix}-users-changelog"
    )
    offsets: dict[bytes, list[int]] = defaultdict(list)
    for record, (_, offset) in zip(records, await sending, strict=True):
        offsets[user_key(record.tenant, record.user)].append(offset)
    assert len(states) >= len(records) / 2
    furthest: dict[bytes, int] = {}
    for message in states:
        state = aggregate_codec.decode(message.value)
        counted = state.totals[REQUESTS]
        assert state.last_offset == offsets[message.key][counted - 1], (
            "not a prefix of what was sent"
        )
        furthest[message.key] = max(counted, furthest.get(message.key, 0))
    assert furthest == dict.fromkeys(offsets, 1000)
