"""Keys of real processes: known to all within a second, and to a proxy that has no broker."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.record.topics import Topics
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import BODY

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]


def process(broker: KafkaBroker, data_dir: Path, role: str) -> Process:
    return Process(
        data_dir,
        role=role,
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__partitions=2,
        kafka__session_timeout_s=6,
        access__mode="required",
        access__relay="required",
        internal_token="the-token-of-this-test",
    )


async def keys(asked: Process, *arguments: str) -> str:
    """What the command prints."""
    done = await asyncio.to_thread(asked.run, "keys", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def call(proxy: Process, key: str) -> tuple[int, Any]:
    """Status and JSON of a call with a key."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{proxy.url}/mock/v1/chat/completions",
            json=BODY,
            headers={"Tailrace-Auth": f"Bearer {key}", "Tailrace-User-Id": "alice"},
        ) as reply,
    ):
        return reply.status, await reply.json()


async def until(status: int, asked: Process, key: str) -> Any:
    """The answer about alice, once it has this status."""
    for _ in range(100):
        headers = {"Authorization": f"Bearer {key}"}
        found, answer = await asked.get("/api/v1/users/alice", headers=headers)
        if found == status:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError((found, answer))


async def test_a_tenant_sees_its_own(own_kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """Two tenants with a user of the same name; then a proxy starts without a broker."""
    await own_kafka_broker.create_topics(Topics().specs(), 2)
    worker = process(own_kafka_broker, tmp_path / "w", "worker")
    proxy = process(own_kafka_broker, tmp_path / "p", "proxy")
    proxy.settings["worker_url"] = worker.url
    try:
        await worker.start().until_live()
        await proxy.start().until_live()
        acme = await keys(worker, "create", "--tenant", "acme")
        other = await keys(worker, "create", "--tenant", "other")
        await until(404, worker, acme)
        assert (await call(proxy, acme))[0] == 200
        assert (await call(proxy, acme[:-1]))[0] == 401
        assert (await until(200, worker, acme))["tenant"] == "acme"
        assert (await until(200, proxy, acme))["requests"] == 1
        await until(404, worker, other)
        await until(404, proxy, other)
        assert (await worker.get("/api/v1/users/alice"))[0] == 401
        assert proxy.stop() == 0
        own_kafka_broker.stop()
        await proxy.start().until_live()
        assert (await call(proxy, acme))[0] == 200
        assert (await call(proxy, "tr_000000000000_" + "0" * 64))[0] == 401
    finally:
        worker.kill()
        proxy.kill()
