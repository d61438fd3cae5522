"""How the pipeline stands, worker by worker.

    GET /api/v1/pipeline        all workers: {"workers": […], "missing_workers": […]}
    GET /internal/pipeline      our own, for another worker

It is about the whole deployment, whoever's data passes: a key must be an admin's. A worker that
does not answer is named, and its figures are missing. Processes in role `proxy` are not known to
workers: their spill is in their own `/metrics`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from aiohttp import web

from app.access.gate import check_admin
from app.cluster.peers import Peers
from app.cluster.trust import check_trusted
from app.dashboard.standing import standing
from app.errors import Unavailable
from app.metrics import Metrics
from app.views.health import Part

PATH = "/api/v1/pipeline"
PEER_PATH = "/internal/pipeline"


class Reading(Protocol):
    """What knows the partitions of this process."""

    @property
    def state(self) -> str:
        """What the stream side does now."""

    def assigned(self) -> Mapping[str, Sequence[int]]:
        """The partitions that are read, by topic; empty while they move."""


@dataclass(frozen=True, slots=True)
class PipelineSources:
    """Where the figures of this process come from, and who the others are."""

    own_url: str
    metrics: Metrics
    side: Reading
    parts: Callable[[], Sequence[Part]]
    others: Callable[[], list[str]]
    token: str | None


class PipelineView:
    """Both routes."""

    def __init__(self, sources: PipelineSources, peers: Peers) -> None:
        """Nothing is asked."""
        self._sources = sources
        self._peers = peers

    def register(self, web_app: web.Application) -> None:
        """Add both routes."""
        web_app.router.add_get(PATH, self.everywhere)
        web_app.router.add_get(PEER_PATH, self.here)

    async def everywhere(self, request: web.Request) -> web.Response:
        """All workers' figures. Raises: QueryRefused (401, 403)."""
        check_admin(request)
        urls = self._sources.others()
        answers = await asyncio.gather(*(self._of(url) for url in urls))
        found = [self.own(), *(answer for answer in answers if answer is not None)]
        missing = [url for url, answer in zip(urls, answers, strict=True) if answer is None]
        return _json({"workers": found, "missing_workers": missing})

    async def here(self, request: web.Request) -> web.Response:
        """Our own figures. Raises: QueryRefused (401)."""
        check_trusted(request, self._sources.token)
        return _json(self.own())

    def own(self) -> dict[str, Any]:
        """Our own figures."""
        sources = self._sources
        return {
            "worker": sources.own_url,
            "state": sources.side.state,
            "partitions": {topic: list(some) for topic, some in sources.side.assigned().items()},
            "parts": {part.name: _part(part) for part in sources.parts()},
            **standing(sources.metrics),
        }

    async def _of(self, url: str) -> dict[str, Any] | None:
        try:
            return await self._peers.json(url, PEER_PATH, [])
        except Unavailable:
            return None

    async def close(self) -> None:
        """Let go of the connections to other workers."""
        await self._peers.close()


def _part(part: Part) -> dict[str, Any]:
    state = part.state()
    return {"state": state, "good": state in part.good}


def _json(answer: Mapping[str, Any]) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=orjson.dumps(answer), content_type="application/json", headers=headers)
