"""The three routes over the twin; what their SQL finds is in `tests/contract/analytics`."""

import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.analytics.row import COLUMNS, row_of
from app.clock import ManualClock
from app.errors import SinkRefused
from app.sinks.clickhouse.memory import MemoryAnalytics
from app.views import analytics
from app.views.analytics import AnalyticsViews
from app.views.json_errors import json_errors
from tests.support.facts import fact
from tests.support.records import REQUEST_ID

Client = TestClient[web.Request, web.Application]


def found() -> dict[str, Any]:
    values = dict(zip(COLUMNS, row_of(fact()), strict=True))
    times = ("started_at", "produced_at", "metered_at", "id_at")
    return values | dict.fromkeys((*times, "stored_at"), "2026-03-14T15:09:26.535Z")


async def client_of(engine: MemoryAnalytics | None) -> Client:
    web_app = web.Application(middlewares=[json_errors])
    AnalyticsViews(engine, ManualClock(), 1.0).register(web_app)
    return TestClient(TestServer(web_app))


@pytest.fixture
async def engine() -> MemoryAnalytics:
    return MemoryAnalytics({}, lambda sql, parameters: [found()])


@pytest.fixture
async def client(engine: MemoryAnalytics) -> AsyncIterator[Client]:
    async with await client_of(engine) as one:
        yield one


async def test_a_page(client: Client, engine: MemoryAnalytics) -> None:
    response = await client.get("/api/v1/exchanges?user=a'b&user=c&property.env=prod")
    assert response.status == 200
    answer = await response.json()
    assert [item["request_id"] for item in answer["items"]] == [REQUEST_ID]
    ((sql, parameters),) = engine.asked
    assert "a'b" not in sql
    assert list(parameters.values()) == ["default", ["a'b", "c"], "env", ["prod"]]


@pytest.mark.parametrize(("rows", "at_once"), [(100, True), (101, False)])
async def test_a_long_answer_is_made_beside_the_loop(
    rows: int, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in: set[int] = set()

    def dumps(answer: Any) -> bytes:
        made_in.add(threading.get_ident())
        return orjson.dumps(answer)

    monkeypatch.setattr(analytics, "orjson", SimpleNamespace(dumps=dumps))
    engine = MemoryAnalytics({}, lambda sql, parameters: [found() for _ in range(rows)])
    async with await client_of(engine) as client:
        response = await client.get("/api/v1/exchanges?limit=200")
        assert len((await response.json())["items"]) == rows
    assert (made_in == {threading.get_ident()}) is at_once


async def test_one_exchange(client: Client, engine: MemoryAnalytics) -> None:
    response = await client.get(f"/api/v1/exchanges/{REQUEST_ID}")
    assert (await response.json())["traceparent"].startswith("00-")
    engine.answer = lambda sql, parameters: []
    response = await client.get("/api/v1/exchanges/nothing-like-an-id")
    assert response.status == 404
    assert (await response.json())["error"]["code"] == "unknown_exchange"


async def test_statistics(client: Client, engine: MemoryAnalytics) -> None:
    engine.answer = lambda sql, parameters: []
    response = await client.get("/api/v1/stats?group_by=time,user")
    answer = await response.json()
    assert answer == {
        "from": "2023-11-13T22:13:20.001Z",
        "to": "2023-11-14T22:13:20.001Z",
        "interval_s": 900,
        "groups": [],
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/exchanges?limit=1000000", "limit"),
        ("/api/v1/exchanges?cursor=%00", "cursor"),
        ("/api/v1/exchanges?from=31.1.2026", "from"),
        (f"/api/v1/exchanges/{REQUEST_ID}?fields=all", "fields"),
        ("/api/v1/stats?group_by=tenant", "group_by"),
        ("/api/v1/stats?tenant=other", "tenant"),
    ],
)
async def test_bad_input_names_its_field(
    client: Client, engine: MemoryAnalytics, path: str, field: str
) -> None:
    response = await client.get(path)
    assert response.status == 400
    assert (await response.json())["error"]["field"] == field
    assert engine.asked == []


async def test_an_engine_that_is_away_is_asked_again_later(
    client: Client, engine: MemoryAnalytics
) -> None:
    engine.is_down = True
    for path in ("/api/v1/exchanges", f"/api/v1/exchanges/{REQUEST_ID}", "/api/v1/stats"):
        response = await client.get(path)
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1


async def test_an_answer_that_costs_too_much_is_refused(
    client: Client, engine: MemoryAnalytics
) -> None:
    def refuse(sql: str, parameters: Any) -> list[dict[str, Any]]:
        raise SinkRefused("159: Timeout exceeded")

    engine.answer = refuse
    response = await client.get("/api/v1/stats")
    assert response.status == 422
    assert (await response.json())["error"]["code"] == "too_expensive"


async def test_without_an_engine_the_routes_say_so() -> None:
    async with await client_of(None) as client:
        response = await client.get("/api/v1/stats")
        assert response.status == 501
        assert "TAILRACE_ANALYTICS__URL" in (await response.json())["error"]["message"]
