"""`/api/v1/log` in this process, over an outlet in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from app.clock import ManualClock
from app.ids import CountedIds
from app.metrics import Metrics
from app.record.topics import Topics
from app.views.json_errors import json_errors
from proxy.ingest.intake import Intake
from proxy.ingest.reading import LineReader
from proxy.ingest.routes import register_ingest
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from tests.support.web_server import served

TOKEN = "s3cret"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
TOPICS = Topics("b")


@dataclass
class Kept:
    """A keeper in memory: an outlet that is never a fallback's."""

    outlet: MemoryOutlet = field(default_factory=MemoryOutlet)

    async def keep(self, batch: Sequence[Outgoing]) -> list[Result]:
        """As the outlet delivers."""
        return await self.outlet.deliver(batch)


@dataclass
class Backend:
    """A Tailrace that takes in records, as far as its senders can see."""

    kept: Kept = field(default_factory=Kept)
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def outlet(self) -> MemoryOutlet:
        """Where everything ends up."""
        return self.kept.outlet

    def intake(self) -> Intake:
        """The intake over what is kept."""
        return Intake(self.kept, reader(), TOPICS, self.metrics)

    @asynccontextmanager
    async def served(self, token: str | None = TOKEN) -> AsyncIterator[str]:
        """Serve the route; gives the URL of the server."""
        web_app = web.Application(middlewares=[json_errors])
        register_ingest(web_app, self.intake(), token)
        async with served(web_app) as url:
            yield url


def reader() -> LineReader:
    """A reader that mints 0, 1, 2 … at a standing time."""
    return LineReader(TOPICS, producer_id="here", ids=CountedIds(), clock=ManualClock())
