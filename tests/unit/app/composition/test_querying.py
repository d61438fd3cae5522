"""The queries of a worker and of a process without tables."""

import aiohttp
from aiohttp import web

from app.composition.querying import Passing, Querying
from app.engine.stream_side import StreamSide
from app.errors import Unavailable
from app.views.json_errors import json_errors
from config import Settings
from tables.top_users import TopUsers
from tests.support.web_server import served


async def nothing() -> None:
    raise Unavailable("no broker")


async def statuses(feature: Querying | Passing, *paths: str) -> list[int]:
    web_app = web.Application(middlewares=[json_errors])
    feature.register(web_app)
    found = []
    async with served(web_app) as url, aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(url + path) as response:
                found.append(response.status)
    await feature.stop()
    return found


async def test_a_worker_whose_stream_side_is_away_is_503_and_tells_strangers_nothing() -> None:
    side = StreamSide(nothing)  # type: ignore[arg-type]
    feature = Querying(Settings(), side, TopUsers(10))
    paths = ("/api/v1/users", "/api/v1/users/alice", "/internal/top", "/internal/tables/users")
    assert await statuses(feature, *paths) == [503, 503, 401, 401]


async def test_a_process_without_tables_and_without_a_worker_says_so() -> None:
    assert await statuses(Passing(Settings(role="proxy")), "/api/v1/users") == [404]
    there_is_none = Settings(role="proxy", worker_url="http://127.0.0.1:1")
    assert await statuses(Passing(there_is_none), "/api/v1/users/alice") == [503]
