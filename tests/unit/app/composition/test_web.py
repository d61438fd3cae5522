"""All routes of a process, and errors of ours on the paths that are ours."""

import aiohttp
from aiohttp import web

from app.cluster.peers import Peers
from app.cluster.placement import MemoryPlacement
from app.composition.feature import NoFeature
from app.composition.web import register_all
from app.engine.memory import MemoryTables
from app.metrics import Metrics
from app.views.health import Part
from tables.copies import CopiedTables
from tables.gathering import Gathering
from tables.routed import RoutedTables
from tables.top_users import TopUsers
from tables.user_reads import UserReads
from tables.views import register_table_views
from tests.support.web_server import served


class Tables(NoFeature):
    """The queries of a worker that holds one empty partition."""

    def register(self, web_app: web.Application) -> None:
        live, top, placement = MemoryTables(), TopUsers(10), MemoryPlacement({0: "own"})
        tables = RoutedTables(live, placement, Peers(None), "own")
        gathering = Gathering(live, top, placement, Peers(None), "own")
        copies = CopiedTables(live, placement, Peers(None), "own")
        register_table_views(web_app, UserReads(tables, copies), gathering)


def application(draining: bool = False) -> web.Application:
    """The routes of a worker over tables in memory."""
    web_app = web.Application()
    part = Part("streams", lambda: "failed", frozenset({"running"}))
    register_all(
        web_app,
        relaying=None,
        port=1,
        parts=[part],
        is_draining=lambda: draining,
        metrics=Metrics(),
        features=[Tables()],
    )
    return web_app


async def get(session: aiohttp.ClientSession, url: str) -> tuple[int, object]:
    """Status and JSON of a GET."""
    async with session.get(url) as reply:
        return reply.status, await reply.json()


async def test_health_names_what_is_degraded() -> None:
    """A part that is not well degrades; draining is a 503."""
    async with aiohttp.ClientSession() as session:
        async with served(application()) as url:
            assert await get(session, f"{url}/health/live") == (200, {"status": "ok"})
            status, answer = await get(session, f"{url}/health/ready")
            assert (status, answer["status"]) == (200, "degraded")  # type: ignore[index]
        async with served(application(draining=True)) as url:
            status, answer = await get(session, f"{url}/health/ready")
            assert (status, answer["status"]) == (503, "draining")  # type: ignore[index]


async def test_errors_on_our_paths_are_json() -> None:
    """An unknown user and an unknown path alike, each with its code."""
    async with aiohttp.ClientSession() as session, served(application()) as url:
        status, answer = await get(session, f"{url}/api/v1/users/nobody")
        assert (status, answer["error"]["code"]) == (404, "unknown_user")  # type: ignore[index]
        status, answer = await get(session, f"{url}/api/v1/nothing")
        assert status == 404
        assert set(answer["error"]) == {"code", "message", "field"}  # type: ignore[index]


async def test_metrics_are_served_as_text() -> None:
    """In Prometheus' format."""
    async with (
        aiohttp.ClientSession() as session,
        served(application()) as url,
        session.get(f"{url}/metrics") as reply,
    ):
        assert reply.status == 200
        assert "tailrace_queued_records 0.0" in await reply.text()
