"""`/api/v1/log` of real processes: records made elsewhere end in the live tables, once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.record.codec import encode_record
from app.record.model import Record
from proxy.ingest.wire import record_line
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.totals import assert_exact, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]
TOKEN = "the-token-of-this-test"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


async def post(
    process: Process, records: list[Record], headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    data = b"".join(record_line(encode_record(record)) for record in records)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{process.url}/api/v1/log", data=data, headers=headers) as reply,
    ):
        return reply.status, await reply.json()


@pytest.mark.parametrize("role", ["all", "worker"])
async def test_posted_twice_counted_once(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path, role: str
) -> None:
    """With the token under its own ids; without it, for `default`, and known by its lines."""
    process = Process(
        tmp_path / "w",
        role=role,
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__topic_prefix=topic_prefix,
        kafka__partitions=4,
        internal_token=TOKEN,
    ).start()
    ledger = Ledger()
    now = datetime.now(UTC)
    ours = ledger.add_all(exchanges(11, 400, started_at=now))
    theirs = ledger.add_all(exchanges(12, 100, started_at=now))
    stolen = [record.model_copy(update={"tenant": "acme"}) for record in theirs]
    try:
        await process.until_ready()
        for _ in range(2):
            status, answer = await post(process, ours, AUTHORIZED)
            assert (status, answer["accepted"], answer["rejected"]) == (202, 400, [])
            status, answer = await post(process, stolen)
            assert (status, answer["accepted"], answer["rejected"]) == (202, 100, [])
        await until_counted(process, 500)
        await asyncio.sleep(2)
        await assert_exact(process, ledger)
        assert process.stop() == 0
    finally:
        process.kill()


async def test_a_worker_whose_broker_dies_takes_records_into_its_spill(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """202 all the same; they are counted once the broker is back."""
    process = Process(
        tmp_path / "w",
        role="worker",
        kafka__bootstrap_servers=own_kafka_broker.bootstrap_servers,
        kafka__partitions=4,
        kafka__session_timeout_s=6,
        internal_token=TOKEN,
    ).start()
    ledger = Ledger()
    records = ledger.add_all(exchanges(13, 300, started_at=datetime.now(UTC)))
    try:
        await process.until_ready()
        assert (await post(process, records[:100], AUTHORIZED))[0] == 202
        await asyncio.to_thread(own_kafka_broker.kill)
        status, answer = await post(process, records[100:], AUTHORIZED)
        assert (status, answer["accepted"]) == (202, 200)
        await asyncio.to_thread(own_kafka_broker.start)
        await until_counted(process, 300)
        await assert_exact(process, ledger)
    finally:
        process.kill()
