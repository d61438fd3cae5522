"""A worker that can handle next to nothing stops, and what it could not handle is not lost."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.record.codec import encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from tests.support.burying import HASTY, dlq, until_letters, worker
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.produce import produce, produce_raw
from tests.support.totals import assert_exact, requests_counted, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]
LEAST, PARTITIONS = 20, 2


async def test_a_bad_deploy_stops_and_the_next_one_counts_everything(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """The bad one takes records for too old; the rest waits, what it buried is sent again."""
    servers, ledger = kafka_broker.bootstrap_servers, Ledger()
    days_ago = datetime.now(UTC) - timedelta(days=2)
    records = ledger.add_all(exchanges(63, 400, started_at=days_ago))
    bad = worker(kafka_broker, topic_prefix, tmp_path / "w", dead_letters__least=LEAST, **HASTY)
    able = worker(kafka_broker, topic_prefix, tmp_path / "w", port=bad.port)
    try:
        await bad.start().until_ready()
        await produce(servers, records, prefix=topic_prefix)
        async with asyncio.timeout(60):
            while "TAILRACE_DEAD_LETTERS__MAX_SHARE" not in bad.log_path.read_text():
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        status, answer = await bad.get("/health/ready")
        assert (status, answer["parts"]["dead letters"]) == (503, "stopped: meter")
        assert {"streams", "dead letters"} <= set(answer["degraded"])
        _, metrics = await bad.get("/metrics")
        assert 'tailrace_dead_letters_stopped{stage="meter"} 1.0' in metrics
        bad.kill()
        # Those that were not acknowledged when it stopped are not there: their messages wait.
        letters = await until_letters(kafka_broker, topic_prefix, 0)
        assert len({each.origin for each in letters}) < LEAST + PARTITIONS
        await able.start().until_ready()
        code, out = await dlq(able, "replay")
        assert code == 0, out
        await until_counted(able, 400)
        await asyncio.sleep(1)
        await assert_exact(able, ledger)
        assert able.stop() == 0
    finally:
        bad.kill()
        if able.popen is not None:
            able.kill()


async def test_a_topic_of_old_poison_can_be_drained(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """By a share of 1, as the log line says; the records behind it are counted."""
    servers, topics, ledger = kafka_broker.bootstrap_servers, Topics(topic_prefix), Ledger()
    records = ledger.add_all(exchanges(64, 50, started_at=datetime.now(UTC)))
    poison: list[tuple[bytes | None, bytes | None]] = [
        (
            exchange_key(each.tenant, each.user, each.request_id),
            encode_record(each).replace(b'"schema_version":1', b'"schema_version":9'),
        )
        for each in exchanges(65, 200, started_at=datetime.now(UTC))
    ]
    options = {"dead_letters__least": LEAST, "dead_letters__max_share": 1}
    patient = worker(kafka_broker, topic_prefix, tmp_path / "w", **options)
    try:
        await patient.start().until_ready()
        await produce_raw(servers, topics.exchanges, poison)
        await produce(servers, records, prefix=topic_prefix)
        letters = await until_letters(kafka_broker, topic_prefix, 200)
        assert {each.reason for each in letters} == {"unknown_version"}
        await until_counted(patient, 50)
        await assert_exact(patient, ledger)
        assert await requests_counted(patient) == 50
        assert patient.stop() == 0
    finally:
        patient.kill()
