"""The archive on a real broker, store and engine: everything is read back to the byte."""

import asyncio
import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

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
from tests.support.web_server import served

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
        exchanges(5, 600, started_at=datetime.now(UTC), spacing=timedelta(milliseconds=1))
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


async def test_large_bodies_go_straight_to_the_store(world: ArchiveWorld, tmp_path: Path) -> None:
    """3 MiB up in one PUT, 15 MiB down in parts; an omitted side is nowhere."""
    asked, answered = os.urandom(3 << 20), os.urandom(15 << 20)

    async def answer(request: web.Request) -> web.Response:
        assert await request.read() == asked
        return web.Response(body=answered, content_type="video/mp4")

    upstream = web.Application(client_max_size=1 << 30)
    upstream.router.add_post("/{path:.*}", answer)
    async with served(upstream) as url, aiohttp.ClientSession() as session:
        upstreams = json.dumps({"big": {"base_url": url}})
        worker = world.worker(tmp_path / "w", role="all", upstreams=upstreams).start()
        await worker.until_ready()

        async def call(**headers: str) -> str:
            async with session.post(
                f"{worker.url}/big/x", data=io.BytesIO(asked), headers=headers
            ) as response:
                assert await response.read() == answered
                return response.headers["tailrace-request-id"]

        try:
            kept = await call()
            omitted = await call(**{"Tailrace-Omit-Response": "true"})
            for request_id, sides in ((kept, 2), (omitted, 1)):
                status, row = await until_answered(worker, f"/api/v1/exchanges/{request_id}")
                assert status == 200
                assert row["body_ref"].endswith(f"/direct/{request_id}")
                assert row["response_body"] == ("kept" if sides == 2 else "omitted")
                objects = {key for key in await world.keys("default") if request_id in key}
                assert len(objects) == sides
                path = f"/api/v1/exchanges/{request_id}/body"
                await until_answered(worker, path)
                async with session.get(f"{worker.url}{path}?side=request") as response:
                    assert await response.read() == asked
                async with session.get(f"{worker.url}{path}?side=response") as response:
                    if sides == 2:
                        assert response.content_type == "video/mp4"
                        assert await response.read() == answered
                    else:
                        assert response.status == 404
        finally:
            worker.kill()


async def until_answered(worker: Process, path: str) -> tuple[int, Any]:
    """Ask until it is not 404 any more."""
    async with asyncio.timeout(60):
        while True:
            status, answer = await worker.get(path)
            if status not in (404, 503):
                return status, answer
            await asyncio.sleep(0.2)


async def until_sink(worker: Process, state: str) -> None:
    """Wait until readiness says so of the archive."""
    answer: Any = None
    for _ in range(600):
        _, answer = await worker.get("/health/ready")
        if isinstance(answer, dict) and answer["parts"].get("sink archive") == state:
            assert ("sink archive" in answer["degraded"]) == (state != "ok")
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{answer}\n{worker.tail()}")
