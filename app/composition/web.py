"""All routes of the process, in one place."""

from collections.abc import Callable, Sequence

from aiohttp import web

from app.access.gate import Gate
from app.composition.feature import Feature
from app.composition.relaying import Relaying
from app.composition.ways import Ingest
from app.metrics import Metrics
from app.processes.siblings import Siblings
from app.views.health import Part, register_health
from app.views.json_errors import json_errors
from app.views.prometheus import register_metrics


def register_all(
    web_app: web.Application,
    *,
    relaying: Relaying | None,
    port: int,
    parts: list[Part],
    is_draining: Callable[[], bool],
    metrics: Metrics,
    ingest: Ingest | None = None,
    features: Sequence[Feature] = (),
    gate: Gate | None = None,
    siblings: Siblings | None = None,
) -> None:
    """Add every route this role serves; needs the running loop."""
    web_app.middlewares.append(json_errors)
    if gate is not None:
        web_app.middlewares.append(gate.middleware())
    register_health(web_app, parts, is_draining)
    register_metrics(web_app, metrics, siblings)
    for feature in features:
        feature.register(web_app)
    if relaying is not None:
        relaying.register(web_app, port)
    elif ingest is not None:
        ingest.register(web_app)
