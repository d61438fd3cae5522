"""The HTTP views of the live tables, over a real server."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from app.clock import ManualClock
from app.cluster.peers import Peers
from app.cluster.placement import MemoryPlacement
from app.engine.memory import MemoryTables
from app.errors import QueryRefused, Unavailable
from app.record.keys import anonymous_key, user_key
from app.record.model import Usage
from tables import aggregate_codec
from tables.aggregate import Aggregate
from tables.copies import CopiedTables
from tables.gathering import Gathering
from tables.routed import RoutedTables
from tables.top_users import TopUsers
from tables.user_reads import UserReads
from tables.views import is_possible, register_table_views
from tests.support.metering import NOW_S, aggregate_of

OWN_URL = "http://worker"


@web.middleware
async def shaped(request: web.Request, handler: Any) -> web.StreamResponse:
    """Ours as JSON, as the host's middleware does it."""
    try:
        response: web.StreamResponse = await handler(request)
    except QueryRefused as exc:
        error = {"code": exc.code, "message": str(exc), "field": exc.field}
        return web.json_response({"error": error}, status=exc.status)
    except Unavailable as exc:
        headers = {"Retry-After": str(exc.retry_after_s)}
        return web.json_response({"error": {"code": "unavailable"}}, status=503, headers=headers)
    return response


class Server(NamedTuple):
    base: str
    tables: MemoryTables
    top: TopUsers
    session: ClientSession

    def hold(self, key: bytes, aggregate: Aggregate, partition: int = 0) -> None:
        self.tables.store("users", partition).put(key, aggregate_codec.encode(aggregate))
        self.top.put(partition, key, aggregate)

    async def get(self, path: str) -> tuple[int, Any]:
        url = URL(self.base + path, encoded=True)
        async with self.session.get(url) as response:
            assert response.content_type == "application/json"
            return response.status, json.loads(await response.text())


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    tables, top = MemoryTables(), TopUsers(1000)
    web_app = web.Application(middlewares=[shaped])
    placement, peers = MemoryPlacement({0: OWN_URL}), Peers(None)
    register_table_views(
        web_app,
        UserReads(
            RoutedTables(tables, placement, peers, OWN_URL),
            CopiedTables(tables, placement, peers, OWN_URL),
        ),
        Gathering(tables, top, placement, peers, OWN_URL),
        ManualClock(NOW_S),
    )
    runner = web.AppRunner(web_app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with ClientSession() as session:
        yield Server(f"http://127.0.0.1:{port}", tables, top, session)
    await runner.cleanup()


async def test_one_user(server: Server) -> None:
    server.hold(user_key("default", "alice"), aggregate_of(1, 2))
    status, answer = await server.get("/api/v1/users/alice")
    assert (status, answer["tenant"], answer["user"]) == (200, "default", "alice")
    assert list(answer) == [
        "tenant",
        "user",
        "requests",
        "errors",
        "unpriced_requests",
        "cost_nano_usd",
        "tokens",
        "units",
        "outcomes",
        "latency_ms",
        "first_token_ms",
        "by_model",
        "hours",
        "days",
        "first_seen",
        "last_seen",
        "stale",
    ]
    assert (answer["requests"], answer["stale"]) == (2, False)


@pytest.mark.parametrize(
    "user", ["a/b", "a//b", "../x", "😀", "a b+c", "50%", "a|b", "é" * 128, "?#"]
)
async def test_any_name_can_be_asked_for(server: Server, user: str) -> None:
    server.hold(user_key("default", user), aggregate_of(1))
    status, answer = await server.get("/api/v1/users/" + quote(user, safe=""))
    assert (status, answer["user"]) == (200, user)


async def test_slashes_need_no_escaping(server: Server) -> None:
    server.hold(user_key("default", "team/alice"), aggregate_of(1))
    status, answer = await server.get("/api/v1/users/team/alice")
    assert (status, answer["user"]) == (200, "team/alice")


@pytest.mark.parametrize(
    "name", ["nobody", "%00", "x" * 4096, "%FF", "anonymous%7C%0003", "%ED%A0%80", "%F0%9F%98%80"]
)
async def test_an_unknown_user_is_404(server: Server, name: str) -> None:
    server.hold(anonymous_key("default", 3), aggregate_of(1))
    status, answer = await server.get("/api/v1/users/" + name)
    assert (status, answer["error"]["code"]) == (404, "unknown_user")


async def test_the_anonymous_user_is_merged(server: Server) -> None:
    for subkey in range(16):
        server.hold(anonymous_key("default", subkey), aggregate_of(*range(subkey + 1)), subkey % 4)
    status, answer = await server.get("/api/v1/users/anonymous")
    assert (status, answer["user"], answer["requests"]) == (200, "anonymous", 136)
    status, answer = await server.get("/api/v1/users?sort=requests")
    assert [(row["user"], row["requests"]) for row in answer["items"]] == [("anonymous", 136)]


async def test_numbers_beyond_64_bits_are_answered_exactly(server: Server) -> None:
    giant = aggregate_of(1)
    giant = giant._replace(totals=[10**25, *giant.totals[1:]])
    server.hold(user_key("default", "alice"), giant)
    assert (await server.get("/api/v1/users/alice"))[1]["requests"] == 10**25
    assert (await server.get("/api/v1/users"))[1]["items"][0]["requests"] == 10**25


async def test_the_list_is_ranked_and_limited(server: Server) -> None:
    for number in range(1, 6):
        usage = Usage(input=1000 - number, output=1)
        one = aggregate_of(*range(number), usage=usage)
        server.hold(user_key("default", f"u{number}"), one)
    status, answer = await server.get("/api/v1/users?sort=requests&limit=2")
    assert status == 200
    assert (answer["next_cursor"], answer["missing_workers"]) == (None, [])
    assert [(row["user"], row["requests"]) for row in answer["items"]] == [("u5", 5), ("u4", 4)]
    assert list(answer["items"][0]) == [
        "tenant",
        "user",
        "requests",
        "errors",
        "unpriced_requests",
        "cost_nano_usd",
        "tokens",
        "units",
        "first_seen",
        "last_seen",
    ]
    for sort in ("cost", "tokens", "errors"):
        assert len((await server.get(f"/api/v1/users?sort={sort}"))[1]["items"]) == 5


async def test_by_default_the_list_is_by_cost(server: Server) -> None:
    for number in (2, 3, 4):
        server.hold(user_key("default", f"u{number}"), aggregate_of(number))
    items = (await server.get("/api/v1/users"))[1]["items"]
    costs = [row["cost_nano_usd"] for row in items]
    assert costs == sorted(costs, reverse=True)


async def test_other_tenants_are_not_listed(server: Server) -> None:
    server.hold(user_key("acme", "mallory"), aggregate_of(1))
    assert (await server.get("/api/v1/users"))[1]["items"] == []
    assert (await server.get("/api/v1/users/mallory"))[0] == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%EF%BC%91", "limit"),
        ("limit=" + "9" * 3000, "limit"),
        ("sort=name", "sort"),
        ("sort=", "sort"),
    ],
)
async def test_a_malformed_parameter_is_named(server: Server, query: str, field: str) -> None:
    status, answer = await server.get("/api/v1/users?" + query)
    assert (status, answer["error"]["code"]) == (400, "invalid_parameter")
    assert answer["error"]["field"] == field


async def test_a_copy_is_answered_with_its_age_where_that_is_welcome(server: Server) -> None:
    server.hold(user_key("default", "alice"), aggregate_of(1, 2))
    status, answer = await server.get("/api/v1/users/alice?stale=ok")
    assert (status, answer["stale"], "age_s" in answer) == (200, False, False)
    server.tables.ready = False
    assert (await server.get("/api/v1/users/alice?stale=ok"))[0] == 503
    server.tables.age_s = 1.5
    status, answer = await server.get("/api/v1/users/alice?stale=ok")
    assert (status, answer["requests"], answer["stale"], answer["age_s"]) == (200, 2, True, 1.5)
    assert (await server.get("/api/v1/users/alice"))[0] == 503
    assert (await server.get("/api/v1/users/nobody?stale=ok"))[0] == 503
    status, answer = await server.get("/api/v1/users/alice?stale=yes")
    assert (status, answer["error"]["field"]) == (400, "stale")


async def test_garbage_in_a_table_is_no_answer(server: Server) -> None:
    server.tables.store("users").put(user_key("default", "alice"), b"garbage")
    assert (await server.get("/api/v1/users/alice"))[0] == 503


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/users/alice"])
async def test_tables_that_are_not_ready_are_503(server: Server, path: str) -> None:
    server.tables.ready = False
    assert (await server.get(path))[0] == 503


async def test_a_ranking_that_is_not_whole_is_503_and_single_users_are_not(server: Server) -> None:
    server.hold(user_key("default", "alice"), aggregate_of(1))
    server.top.begin(0)
    assert (await server.get("/api/v1/users"))[0] == 503
    assert (await server.get("/api/v1/users/alice"))[0] == 200


def test_names_that_no_record_can_have() -> None:
    assert is_possible("é" * 128)
    assert not is_possible("é" * 129)
    assert not is_possible("a\x00b")
