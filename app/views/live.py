"""`GET /api/v1/live`: a stream of finished exchanges, gathered from all workers.

    GET /api/v1/live?user=&model=&status=&outcome=     with Last-Event-ID, from where one was
    GET /internal/live?tenant=&…                       our own part, for another worker

    event: exchange     id: the request id      data: the record and its cost
    event: missed       data: {"count": n}      not shown: the reader was slow, or too many came;
                                                null: nobody knows how many, if any
    event: worker_away  data: {"worker": url}   its exchanges are missing until it is back

One write at a time per client: whoever has events waits until the client has taken the last ones,
so a slow client holds up its own streams and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from app.clock import Clock
from app.cluster.session import LazySession
from app.cluster.tails import PATH as PEER_PATH
from app.cluster.tails import PeerTails, Write
from app.cluster.trust import check_trusted
from app.errors import QueryRefused, Unavailable
from app.live.feed import LiveFeed
from app.live.filters import NAMES, filter_of
from app.live.tail import Tail, TailPace
from app.tasks import spawn
from app.views.tenancy import tenant_of

PATH = "/api/v1/live"
MAX_TAILS = 1000
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


@dataclass(frozen=True, slots=True)
class LiveSources:
    """Where tails read: our feed, and the other workers."""

    feed: LiveFeed
    others: Callable[[], list[str]]
    token: str | None
    clock: Clock


class LiveView:
    """Both routes; open tails end when the server stops."""

    def __init__(self, sources: LiveSources, pace: TailPace | None = None) -> None:
        """Nothing is open."""
        self._sources = sources
        self._pace = pace or TailPace()
        self._open: set[asyncio.Task[None]] = set()
        self._session = LazySession(_session)

    def register(self, web_app: web.Application) -> None:
        """Add both routes."""
        web_app.router.add_get(PATH, self.everywhere)
        web_app.router.add_get(PEER_PATH, self.here)
        web_app.on_shutdown.append(self._end_all)

    async def everywhere(self, request: web.Request) -> web.StreamResponse:
        """All workers' exchanges. Raises: QueryRefused, Unavailable."""
        return await self._serve(request, tenant_of(request), gather=True)

    async def here(self, request: web.Request) -> web.StreamResponse:
        """Our own exchanges, for another worker. Raises: QueryRefused, Unavailable."""
        check_trusted(request, self._sources.token)
        tenant = request.query.get("tenant")
        if not tenant:
            raise QueryRefused(400, "invalid_parameter", "a tenant is required", field="tenant")
        return await self._serve(request, tenant, gather=False)

    async def _serve(
        self, request: web.Request, tenant: str, *, gather: bool
    ) -> web.StreamResponse:
        wanted = filter_of(request.query, tenant)
        if len(self._open) >= MAX_TAILS:
            raise Unavailable(f"{MAX_TAILS} tails are open here already", retry_after_s=10)
        sources = self._sources
        place = request.headers.get("Last-Event-ID")
        # Other workers cannot tell what of theirs the client has seen.
        is_one_of_many = gather and bool(sources.others())
        tail = Tail(sources.feed, wanted, self._pace, sources.clock, place, is_one_of_many)
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        one_at_a_time = asyncio.Lock()

        async def write(events: bytes) -> None:
            async with one_at_a_time:
                await response.write(events)

        pumps = [spawn(_pump(tail.events(), write), name="live-tail")]
        if gather:
            query = {name: request.query[name] for name in NAMES if name in request.query}
            peers = PeerTails(sources.others, sources.token, self._session.opened())
            pumps.append(spawn(peers.run({**query, "tenant": tenant}, write), name="live-peers"))
        await self._until_one_ends(pumps)
        return response

    async def _until_one_ends(self, pumps: list[asyncio.Task[None]]) -> None:
        """The client left, or the server stops: then all of them end."""
        self._open.add(pumps[0])
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(pumps[0])
            for pump in pumps:
                pump.cancel()
            await asyncio.wait(pumps)
        for pump in pumps:
            if not pump.cancelled() and (error := pump.exception()) is not None:
                _raise_unless_gone(error)

    async def close(self) -> None:
        """Let go of the connections to other workers."""
        await self._session.close()

    async def _end_all(self, web_app: web.Application) -> None:
        del web_app
        for tail in self._open:
            tail.cancel()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), trust_env=False)


async def _pump(events: AsyncIterator[bytes], write: Write) -> None:
    async for each in events:
        await write(each)


def _raise_unless_gone(error: BaseException) -> None:
    """A client that left is no error."""
    if not isinstance(error, ConnectionError):
        raise error


def others_of(owners: Callable[[], Mapping[int, str]], own_url: str) -> Callable[[], list[str]]:
    """The other workers' URLs as they are now; none while the map is not known."""

    def others() -> list[str]:
        try:
            return sorted(set(owners().values()) - {own_url})
        except Unavailable:
            return []

    return others
