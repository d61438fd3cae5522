"""`/metrics`: every metric of this process in Prometheus' text format."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest

from app.metrics import Metrics


def register_metrics(web_app: web.Application, metrics: Metrics) -> None:
    """Add the route. Leaves out the time at which each series began, which doubles the text."""
    disable_created_metrics()  # type: ignore[no-untyped-call]

    async def show(request: web.Request) -> web.Response:
        del request
        body = generate_latest(metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    web_app.router.add_get("/metrics", show)
