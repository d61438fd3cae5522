"""The archive on a real broker, store and engine: everything is read back to the byte."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.record.bodies import BodyEnvelope
from tests.support.analytics import EngineProcess
from tests.support.archived import ArchiveWorld, assert_readable
from tests.support.bodies import envelopes
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.seaweed import Seaweed
from tests.support.totals import until_counted

pytest_plugins = ["tests.support.analytics"]
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.timeout(180),
]


@pytest.fixture
def world(
    kafka_broker: KafkaBroker,
    own_seaweed: Seaweed,
    analytics_engine: EngineProcess,
    topic_prefix: str,
) -> ArchiveWorld:
    return ArchiveWorld(kafka_broker, own_seaweed, analytics_engine, topic_prefix)


def bodies(seed: int, count: int) -> list[BodyEnvelope]:
    return list(envelopes(seed, count, started_at=datetime.now(UTC)))


async def test_every_body_reads_back_also_after_a_replay_in_other_batches(
    world: ArchiveWorld, tmp_path: Path
) -> None:
    made = bodies(1, 2000)
    worker = await world.worker(tmp_path / "w").start().until_ready()
    try:
        await world.send(made)
        await world.until_told(made, 2000, timeout_s=60)
        await world.until_indexed(2000)
        await assert_readable(worker, made[::20])
        before = await world.keys("default")
        assert worker.stop() == 0
        await world.read_again()
        worker = world.worker(tmp_path / "w", archive__batch_records=37).start()
        await world.until_told(made, 4000, timeout_s=60)
        assert before < await world.keys("default")
        await worker.until_ready()
        await assert_readable(worker, made[::20])
        await world.until_indexed(2000)
    finally:
        worker.kill()


async def test_a_store_that_is_away_loses_nothing_and_holds_up_nobody(
    world: ArchiveWorld, tmp_path: Path
) -> None:
    made, ledger = bodies(2, 300), Ledger()
    records = ledger.add_all(
        exchanges(2, 600, started_at=datetime.now(UTC), spacing=timedelta(milliseconds=1))
    )
    worker = await world.worker(tmp_path / "w").start().until_ready()
    try:
        await world.send(made[:100])
        world.seaweed.kill()
        await world.send(made[100:200])
        await until_sink(worker, "down")
        await produce(world.broker.bootstrap_servers, records, prefix=world.prefix)
        await until_counted(worker, len(records))
        await world.send(made[200:])
        await world.seaweed.restart()
        await assert_readable(worker, made)
        await until_sink(worker, "ok")
    finally:
        worker.kill()


async def test_killed_between_put_and_place_every_body_is_found(
    world: ArchiveWorld, tmp_path: Path
) -> None:
    made = bodies(3, 300)
    worker = await world.worker(tmp_path / "w", archive__batch_records=20).start().until_ready()
    try:
        await world.send(made)
        while not await world.keys("default"):
            await asyncio.sleep(0.005)
        worker.kill()
        await worker.start().until_ready()
        await assert_readable(worker, made)
    finally:
        worker.kill()


async def until_sink(worker: Process, state: str) -> None:
    """Wait until readiness says so of the archive."""
    async with asyncio.timeout(60):
        while True:
            _, answer = await worker.get("/health/ready")
            if isinstance(answer, dict) and answer["parts"].get("sink archive") == state:
                assert ("sink archive" in answer["degraded"]) == (state != "ok")
                return
            await asyncio.sleep(0.1)
