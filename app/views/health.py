"""Liveness and readiness.

`/health/live` answers 200 as long as the event loop turns; it never depends on Kafka.
`/health/ready` answers 200 while calls are relayed: `ok`, or `degraded` with the parts that do not
work named. It answers 503 `draining` from SIGTERM on, so that a load balancer looks elsewhere, and
503 `unready` while a part this role cannot do without is away.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

logger = logging.getLogger(__name__)
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `probe` answers its state, `good` are the states that are well.

    A `vital` part makes the process unready, another one only degraded. A probe only looks; one
    that raises is logged, and its part is `unknown`, which is not well.
    """

    name: str
    probe: Callable[[], str]
    good: frozenset[str]
    vital: bool = False

    def state(self) -> str:
        """What the probe says."""
        try:
            return self.probe()
        except Exception:
            logger.exception("the probe of %s failed", self.name)
            return UNKNOWN


def readiness(parts: list[Part], *, draining: bool) -> tuple[int, dict[str, Any]]:
    """Status and body of the readiness answer."""
    states = {part.name: part.state() for part in parts}
    ill = [part for part in parts if states[part.name] not in part.good]
    if draining:
        status, word = 503, "draining"
    elif any(part.vital for part in ill):
        status, word = 503, "unready"
    else:
        status, word = 200, "degraded" if ill else "ok"
    return status, {"status": word, "degraded": [part.name for part in ill], "parts": states}


def register_health(
    web_app: web.Application, parts: list[Part], is_draining: Callable[[], bool]
) -> None:
    """Add both routes."""

    async def live(request: web.Request) -> web.Response:
        del request
        return _json(200, {"status": "ok"})

    async def ready(request: web.Request) -> web.Response:
        del request
        return _json(*readiness(parts, draining=is_draining()))

    web_app.router.add_get("/health/live", live)
    web_app.router.add_get("/health/ready", ready)


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
