"""How the pipeline stands, gathered from all workers, for the dashboard."""

from collections.abc import Callable, Sequence

from aiohttp import web

from app.cluster.peers import Peers
from app.cluster.trust import token_of
from app.composition.feature import NoFeature
from app.dashboard.pipeline import PipelineSources, PipelineView
from app.engine.stream_side import StreamSide
from app.metrics import Metrics
from app.views.health import Part
from app.views.live import others_of
from config import Settings
from tables.definitions import USERS


class Watching(NoFeature):
    """`/api/v1/pipeline` of a worker."""

    def __init__(
        self,
        settings: Settings,
        side: StreamSide,
        metrics: Metrics,
        parts: Callable[[], Sequence[Part]],
    ) -> None:
        """Nothing is asked; `parts` is what readiness reports."""
        own_url, token = settings.own_url, token_of(settings)
        others = others_of(lambda: side.owners(USERS.name), own_url)
        self._view = PipelineView(
            PipelineSources(own_url, metrics, side, parts, others, token), Peers(token)
        )

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        self._view.register(web_app)

    async def stop(self) -> None:
        """Let go of connections to other workers."""
        await self._view.close()
