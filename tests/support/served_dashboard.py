"""The dashboard in this process: its files, keys, the live tail; no stream side, no analytics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from aiohttp import web

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.access.keys import mint
from app.clock import SystemClock
from app.dashboard.files import DashboardFiles
from app.dashboard.session import SessionView
from app.live.feed import LiveFeed
from app.views.analytics import AnalyticsViews
from app.views.health import register_health
from app.views.json_errors import json_errors
from app.views.live import LiveSources, LiveView
from tests.support.web_server import served

KEY = mint("acme", "tenant", "", datetime(2026, 11, 23, tzinfo=UTC))
TOKEN = "the-token-of-this-test"


@dataclass
class Dashboard:
    """What it serves."""

    queries: Literal["open", "required"] = "open"
    others: Callable[[], list[str]] = list
    feed: LiveFeed = field(default_factory=LiveFeed)

    def application(self) -> web.Application:
        """Every route that it has."""
        keys = KeyDirectory()
        keys.put(KEY.entry.key_id, KEY.entry.encode())
        gate = Gate(AccessPolicy(self.queries, "open"), keys, TOKEN)
        web_app = web.Application(middlewares=[json_errors, gate.middleware()])
        register_health(web_app, [], lambda: False)
        DashboardFiles().register(web_app)
        SessionView(gate).register(web_app)
        AnalyticsViews(None, SystemClock(), 5).register(web_app)
        live = LiveView(LiveSources(self.feed, self.others, TOKEN, SystemClock()))
        live.register(web_app)

        async def close(web_app: web.Application) -> None:
            await live.close()

        web_app.on_cleanup.append(close)
        return web_app

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve it; gives the URL."""
        async with served(self.application()) as url:
            yield url
