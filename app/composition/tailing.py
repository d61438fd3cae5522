"""The live tail: the feed that the meter adds to, and its routes."""

from aiohttp import web

from app.clock import SystemClock
from app.cluster.trust import token_of
from app.composition.feature import NoFeature
from app.engine.stream_side import StreamSide
from app.live.feed import LiveFeed
from app.views.live import LiveSources, LiveView, others_of
from config import Settings
from tables.definitions import USERS


class Tailing(NoFeature):
    """`/api/v1/live` of a worker."""

    def __init__(self, settings: Settings, side: StreamSide, feed: LiveFeed) -> None:
        """Nothing is open."""
        others = others_of(lambda: side.owners(USERS.name), settings.own_url)
        self._view = LiveView(LiveSources(feed, others, token_of(settings), SystemClock()))

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        self._view.register(web_app)

    async def stop(self) -> None:
        """Let go of connections to other workers."""
        await self._view.close()
