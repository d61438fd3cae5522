"""Credentials planted wherever one travels, and looked for in everything that is kept or said."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.analytics import EngineProcess
from tests.support.credentials import (
    CALLS,
    NEEDLES,
    WAYS,
    body_of,
    call_all,
    files,
    messages,
    objects,
    says_it_back,
    settings_with_secrets,
)
from tests.support.embedded import needs_embedded
from tests.support.fan_out import FanOut
from tests.support.hooks import SECRET_KEY, receiving
from tests.support.kafka import KafkaBroker
from tests.support.processes import free_port
from tests.support.seaweed import Seaweed
from tests.support.web_server import served

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.embedded, needs_embedded),
    *(pytest.mark.slow, pytest.mark.timeout(240)),
]
UPSTREAMS = ("echo", "keyed", "away")
KEPT_BODIES = 20


class Search:
    """Everything looked at, and what was found in it."""

    def __init__(self, *needles: bytes) -> None:
        self.needles = (*NEEDLES, *needles)
        self.seen: dict[str, int] = {}
        self.leaks: set[str] = set()

    def look(self, kind: str, where: str, data: bytes) -> None:
        """Search one piece."""
        self.seen[kind] = self.seen.get(kind, 0) + 1
        for needle in self.needles:
            if (at := data.find(needle)) >= 0:
                self.leaks.add(f"{kind} {where}: {data[max(0, at - 80) : at + 80]!r}")


@pytest.fixture
def world(
    kafka_broker: KafkaBroker,
    own_seaweed: Seaweed,
    analytics_engine: EngineProcess,
    topic_prefix: str,
    tmp_path: Path,
) -> FanOut:
    return FanOut(kafka_broker, own_seaweed, analytics_engine, topic_prefix, tmp_path)


async def test_no_credential_is_found_in_anything(
    world: FanOut, own_seaweed: Seaweed, analytics_engine: EngineProcess, topic_prefix: str
) -> None:
    web_app = web.Application(client_max_size=8 << 20)
    web_app.router.add_route("*", "/{path:.*}", says_it_back)
    async with served(web_app) as echo_url, receiving() as receiver:
        away_url = f"http://127.0.0.1:{free_port()}"
        world.process.settings |= settings_with_secrets(echo_url, away_url)
        process = await world.process.start().until_ready()
        try:
            endpoint = await world.hooks.create(receiver.url)
            ids = await call_all(process.url, UPSTREAMS)
            assert len(ids) == len(UPSTREAMS) * len(CALLS) * len(WAYS)
            await receiver.until(len(ids), 90)
            search = Search(
                endpoint["secret"].encode(),
                SECRET_KEY.encode(),
                own_seaweed.access.secret_access_key.encode(),
                analytics_engine.url.partition("@")[0].rpartition(":")[2].encode(),
            )
            for call in receiver.calls:
                search.look("webhook", call.webhook_id, call.body)
            await search_api(search, world, ids)
            await search_rows(search, analytics_engine, topic_prefix, len(ids))
        finally:
            await asyncio.to_thread(process.stop)
        async for topic, data in messages(world.broker.bootstrap_servers, topic_prefix):
            search.look("topic", topic, data)
        async for key, data in objects(own_seaweed):
            search.look("object", key, data)
        for path, data in files(process.data_dir):
            search.look("file", path, data)
        search.look("log", str(process.log_path), process.log_path.read_bytes())
    assert not search.leaks, "\n".join(sorted(search.leaks)[:20])
    assert search.seen.keys() == {
        *("webhook", "answer", "body", "row", "topic", "object", "file", "log")
    }
    assert search.seen["topic"] > 4 * len(ids)
    assert search.seen["row"] >= 2 * len(ids)


async def search_api(search: Search, world: FanOut, ids: list[str]) -> None:
    """What is answered of it: rows, live tables, metrics, bodies."""
    process = world.process
    for path in ("/metrics", "/health/ready", "/api/v1/users", "/api/v1/users/anonymous"):
        status, answer = await process.get(path)
        assert status == 200, (path, answer)
        search.look("answer", path, str(answer).encode())
    # spread over all ways of all upstreams
    for request_id in ids[:: max(1, len(ids) // KEPT_BODIES)]:
        for side in ("request", "response"):
            search.look("body", request_id, await body_of(process.url, request_id, side))


async def search_rows(search: Search, engine: EngineProcess, database: str, count: int) -> None:
    """Every row of every table."""
    client = engine.client(database)
    await client.start()
    try:
        async with asyncio.timeout(60):
            while (await client.query("SELECT count() AS n FROM exchanges FINAL"))[0]["n"] < count:
                await asyncio.sleep(0.2)
        tables = await client.query(f"SELECT name FROM system.tables WHERE database = '{database}'")
        for table in tables:
            for row in await client.query(f"SELECT * FROM `{table['name']}`"):
                search.look("row", table["name"], str(row).encode())
    finally:
        await client.close()
