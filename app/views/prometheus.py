"""`/metrics`: every metric of this process in Prometheus' text format.

Where several processes share the port, whichever answers gives the metrics of all of them, each
with the label `process`; asked by another of them, its own alone.
"""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest

from app.cluster.trust import HOP_HEADER
from app.metrics import Metrics
from app.processes.siblings import Siblings


def register_metrics(
    web_app: web.Application, metrics: Metrics, siblings: Siblings | None = None
) -> None:
    """Add the route. Leaves out the time at which each series began, which doubles the text."""
    disable_created_metrics()  # type: ignore[no-untyped-call]

    async def show(request: web.Request) -> web.Response:
        body = generate_latest(metrics.registry)
        if siblings is not None and HOP_HEADER not in request.headers:
            body = (await siblings.gather(body.decode())).encode()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    web_app.router.add_get("/metrics", show)
