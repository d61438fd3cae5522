"""What is a tenant's never reaches another one: every route, on real parts, and through a proxy."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from app.record.codec import encode_record
from tests.support.analytics import EngineProcess
from tests.support.archived import ArchiveWorld
from tests.support.hooks import SECRET_KEY
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.records import record
from tests.support.seaweed import Seaweed
from tests.support.strangers import CANARY, PROBES, USER, Probe

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.embedded),
    *(pytest.mark.slow, pytest.mark.timeout(180)),
]
MESSAGES = [{"role": "user", "content": f"hello {CANARY}"}]
BAD_KEY = "tr_000000000000_" + "0" * 64


class Town:
    """A worker and a proxy of one deployment, with keys of two tenants."""

    def __init__(self, world: ArchiveWorld, root: Path) -> None:
        common: dict[str, Any] = {
            "access__mode": "required",
            "access__relay": "required",
            "internal_token": "the-token-of-this-test",
            "webhooks__secret_key": SECRET_KEY,
            "webhooks__allow_private": "true",
            "webhooks__allow_http": "true",
            "analytics__batch_age_s": 0.2,
        }
        self.worker = world.worker(root / "worker", **common)
        self.proxy = world.worker(
            root / "proxy", **common, role="proxy", worker_url=self.worker.url
        )
        self.keys: dict[str, str] = {}
        self.ids = {"id": "", "hook": ""}

    async def start(self) -> None:
        """Both processes, and a key for each tenant."""
        await self.worker.start().until_ready()
        await self.proxy.start().until_live()
        for who, more in (("acme", ()), ("other", ()), ("admin", ("--admin",))):
            asked = "keys", "create", "--tenant", who, *more
            done = await asyncio.to_thread(self.worker.run, *asked)
            assert done.returncode == 0, done.stderr
            self.keys[who] = done.stdout.strip()
        await self.until_known("admin", "/api/v1/users")

    async def until_known(self, tenant: str, path: str) -> None:
        """Wait until a path answers a tenant."""
        found: tuple[int, str] = (0, "")
        try:
            async with asyncio.timeout(30):
                while (found := await self.ask(tenant, path))[0] != 200:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            _, ready = await self.worker.get("/health/ready")
            raise AssertionError((path, found, ready)) from None

    async def ask(
        self,
        tenant: str | None,
        path: str,
        method: str = "GET",
        body: Any = None,
        at: Process | None = None,
    ) -> tuple[int, str]:
        """Status and text of a request with a tenant's key."""
        key = self.keys.get(tenant, tenant) if tenant is not None else None
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        url = (at or self.worker).url + path
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=headers, data=data) as response,
        ):
            return response.status, await response.text()

    async def probe(self, probe: Probe, tenant: str | None, at: Process | None = None) -> Any:
        """Status and text of a probe."""
        body = orjson.loads(orjson.dumps(probe.body).replace(b"{id}", self.ids["id"].encode()))
        return await self.ask(tenant, probe.path.format(**self.ids), probe.method, body, at)

    async def call(self) -> None:
        """An exchange of acme's, and its endpoint."""
        headers = {
            "Tailrace-Auth": f"Bearer {self.keys['acme']}",
            "Tailrace-User-Id": USER,
            "Tailrace-Property-Mark": CANARY,
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{self.proxy.url}/mock/v1/chat/completions",
                json={"model": "gpt-4o-mini", "messages": MESSAGES},
                headers=headers,
            ) as response,
        ):
            assert response.status == 200
            self.ids["id"] = response.headers["tailrace-request-id"]
        made = {"url": "http://127.0.0.1:9/", "description": CANARY}
        status, text = await self.ask("acme", "/api/v1/webhooks", "POST", made)
        assert status == 201, text
        self.ids["hook"] = orjson.loads(text)["endpoint_id"]
        for path in (f"/api/v1/users/{USER}", f"/api/v1/exchanges/{self.ids['id']}/body"):
            await self.until_known("acme", path)

    async def live(self, tenant: str, heard: bytearray) -> None:
        """What a tenant hears, until it is cancelled."""
        headers = {"Authorization": f"Bearer {self.keys[tenant]}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.worker.url}/api/v1/live", headers=headers) as response,
        ):
            assert response.status == 200
            heard.extend(b"\n")
            async for piece in response.content.iter_any():
                heard.extend(piece)


@pytest.fixture
async def town(
    kafka_broker: KafkaBroker,
    own_seaweed: Seaweed,
    analytics_engine: EngineProcess,
    topic_prefix: str,
    tmp_path: Path,
) -> AsyncIterator[Town]:
    made = Town(ArchiveWorld(kafka_broker, own_seaweed, analytics_engine, topic_prefix), tmp_path)
    try:
        await made.start()
        yield made
    finally:
        for each in (made.worker, made.proxy):
            if each.popen is not None:
                each.kill()


async def test_no_route_shows_one_tenant_to_another(town: Town) -> None:
    heard = {"acme": bytearray(), "other": bytearray()}
    tails = [asyncio.ensure_future(town.live(tenant, found)) for tenant, found in heard.items()]
    async with asyncio.timeout(20):
        while not all(heard.values()):
            await asyncio.sleep(0.05)
    await town.call()
    await assert_a_record_in_anothers_name_is_ones_own(town)
    for (method, _), probe in PROBES.items():
        await assert_kept_apart(town, probe)
        if method == "GET":
            await assert_kept_apart(town, probe, town.proxy)
    for at in (town.worker, town.proxy):
        asked = [await town.ask(who, "/api/v1/pipeline", at=at) for who in ("admin", "acme")]
        assert [status for status, _ in asked] == [200, 403]
        assert town.worker.url in asked[0][1]
    for tail in tails:
        tail.cancel()
    await asyncio.wait(tails)
    assert CANARY.encode() in heard["acme"]
    assert CANARY.encode() not in heard["other"]
    assert b"someone" in heard["other"]


async def assert_kept_apart(town: Town, probe: Probe, at: Process | None = None) -> None:
    """Nobody and a bad key: 401; the other tenant: its own status, no canary; acme: all of it."""
    for nobody in (None, BAD_KEY):
        status, text = await town.probe(probe, nobody, at)
        assert (status, CANARY in text) == (401, False), (probe, text)
    status, text = await town.probe(probe, "other", at)
    assert (status, CANARY in text) == (probe.other, False), (probe, text)
    status, text = await town.probe(probe, "acme", at)
    assert status == probe.own, (probe, text)
    assert CANARY in text or not probe.shows, (probe, text)


async def assert_a_record_in_anothers_name_is_ones_own(town: Town) -> None:
    """`/api/v1/log` with a tenant's key: the tenant that a line names counts for nothing."""
    forged = record(tenant="acme", user="someone", produced_at=datetime.now(UTC))
    line = orjson.dumps({"record": orjson.loads(encode_record(forged))})
    assert (await town.ask(None, "/api/v1/log", "POST", line))[0] == 401
    assert (await town.ask(BAD_KEY, "/api/v1/log", "POST", line))[0] == 401
    status, text = await town.ask("other", "/api/v1/log", "POST", line)
    assert (status, orjson.loads(text)["accepted"]) == (202, 1), text
    await town.until_known("other", "/api/v1/users/someone")
    assert (await town.ask("acme", "/api/v1/users/someone"))[0] == 404
