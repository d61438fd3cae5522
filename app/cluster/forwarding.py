"""A process without tables passes queries on to a worker, one hop, as they are.

The answer streams through, so that a large body or a live tail takes no memory here; nothing is
decoded on the way. What arrived by a hop already goes no further.
"""

import aiohttp
from aiohttp import web
from yarl import URL

from app.cluster.session import LazySession
from app.cluster.trust import HOP_HEADER, ROLE_HEADER, TENANT_HEADER, credentials
from app.errors import QueryRefused, Unavailable
from app.views.tenancy import role_of, tenant_of

HEADERS_TIMEOUT_S = 5.0
IDLE_TIMEOUT_S = 60.0
PASSED_ON = ("Accept", "Accept-Encoding", "Last-Event-ID", "If-None-Match", "Range")
PASSED_BACK = (
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Content-Disposition",
    "Content-Security-Policy",
    "Cross-Origin-Resource-Policy",
    "X-Content-Type-Options",
    "X-Accel-Buffering",
    "Cache-Control",
    "Vary",
    "ETag",
    "Retry-After",
)
NOT_SET = "this process holds no tables: set TAILRACE_WORKER_URL to a worker's address"


class Forwarding:
    """GETs of `/api/v1/*`, answered by a worker."""

    def __init__(self, worker_url: str | None, token: str | None) -> None:
        """Nothing is connected; without `worker_url` every query is refused with the reason."""
        self._worker_url = worker_url.rstrip("/") if worker_url is not None else None
        self._token = token
        self._session = LazySession(_session)

    def register(self, web_app: web.Application) -> None:
        """Add the route; more specific ones must be added before."""
        web_app.router.add_get("/api/v1/{query:.+}", self.forward)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """The worker's answer. Raises: QueryRefused, Unavailable."""
        if self._worker_url is None:
            raise QueryRefused(404, "no_tables_here", NOT_SET)
        if HOP_HEADER in request.headers:
            raise QueryRefused(508, "too_many_hops", "a query is passed on once and no further")
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = URL(self._worker_url + request.raw_path, encoded=True)
        try:
            async with self._session.opened().get(
                url, headers=headers | self._ours(request), allow_redirects=False
            ) as answer:
                return await _relayed(request, answer)
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise Unavailable(f"{self._worker_url} does not answer") from exc

    def _ours(self, request: web.Request) -> dict[str, str]:
        """Who we are, and on whose behalf we ask; without a token we have no say in that."""
        if self._token is None:
            return credentials(None)
        asker = {TENANT_HEADER: tenant_of(request), ROLE_HEADER: role_of(request)}
        return credentials(self._token) | asker

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=HEADERS_TIMEOUT_S, sock_read=IDLE_TIMEOUT_S
        ),
        auto_decompress=False,
        # The client's own says what it can decode.
        skip_auto_headers=("Accept-Encoding",),
        trust_env=False,
    )


async def _relayed(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            await response.write(piece)
    except aiohttp.ClientError:
        # The head is out: a connection that is cut tells the client that this is not the end.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response
