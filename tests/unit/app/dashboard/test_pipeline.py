"""The pipeline of all workers: gathered, for admins alone, those that are away named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.access.keys import mint
from app.cluster.peers import Peers
from app.cluster.trust import credentials
from app.dashboard.pipeline import PATH, PEER_PATH, PipelineSources, PipelineView
from app.metrics import Metrics
from app.views.health import Part
from app.views.json_errors import json_errors
from tests.support.web_server import served

TOKEN = "the-token-of-this-test"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
TENANT, ADMIN = mint("acme", "tenant", "", NOW), mint("default", "admin", "", NOW)
GONE = "http://127.0.0.1:9"


class Side:
    """A stream side that reads one partition."""

    state = "running"

    def __init__(self, partition: int) -> None:
        self.partition = partition

    def assigned(self) -> dict[str, list[int]]:
        """As the stream side."""
        return {"tailrace.exchanges": [self.partition]}


@asynccontextmanager
async def worker(number: int, others: list[str], queries: Any) -> AsyncIterator[str]:
    keys = KeyDirectory()
    for each in (TENANT, ADMIN):
        keys.put(each.entry.key_id, each.entry.encode())
    gate = Gate(AccessPolicy(queries, "open"), keys, TOKEN)
    web_app = web.Application(middlewares=[json_errors, gate.middleware()])
    metrics = Metrics()
    metrics.stream_lag_records.labels(topic="tailrace.exchanges").set(number)
    parts = [Part("sink archive", lambda: "failing", frozenset({"ok"}))]
    sources = PipelineSources(
        f"worker-{number}", metrics, Side(number), lambda: parts, lambda: others, TOKEN
    )
    view = PipelineView(sources, Peers(TOKEN))
    view.register(web_app)
    async with served(web_app) as url:
        yield url
        await view.close()


async def asked(url: str, **headers: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_all_workers_and_those_that_are_away() -> None:
    async with worker(2, [], "open") as second, worker(1, [second, GONE], "open") as first:
        status, answer = await asked(first + PATH)
    assert status == 200
    assert answer["missing_workers"] == [GONE]
    found = {each["worker"]: each for each in answer["workers"]}
    assert found.keys() == {"worker-1", "worker-2"}
    two = found["worker-2"]
    assert two["partitions"] == {"tailrace.exchanges": [2]}
    assert two["topics"] == {"tailrace.exchanges": {"lag_records": 2.0, "age_s": None}}
    assert two["parts"] == {"sink archive": {"state": "failing", "good": False}}


async def test_admins_alone() -> None:
    async with worker(1, [], "required") as url:
        assert (await asked(url + PATH))[0] == 401
        assert (await asked(url + PATH, Authorization=f"Bearer {TENANT.text}"))[0] == 403
        assert (await asked(url + PATH, Authorization=f"Bearer {ADMIN.text}"))[0] == 200


async def test_the_route_between_workers_needs_the_token() -> None:
    async with worker(1, [], "open") as url:
        assert (await asked(url + PEER_PATH))[0] == 401
        assert (await asked(url + PEER_PATH, **credentials("wrong")))[0] == 401
        status, answer = await asked(url + PEER_PATH, **credentials(TOKEN))
    assert (status, answer["worker"]) == (200, "worker-1")
