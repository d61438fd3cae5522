"""`POST /api/v1/log`: the request's size, its token, and its lines.

`Authorization: Bearer <internal token>` makes the sender one of this deployment's processes; a
wrong one is refused rather than taken for a stranger. Requests wait for a place: only a few are
held in memory at a time.
"""

import asyncio
from collections.abc import Iterator

import orjson
from aiohttp import web

from app.cluster.trust import is_trusted
from app.errors import QueryRefused
from app.views.tenancy import PRINCIPAL, tenant_of
from proxy.ingest.intake import Intake

PATH = "/api/v1/log"
MAX_REQUEST_BYTES = 16 << 20
MAX_LINES = 10_000
MAX_AT_A_TIME = 4
READ_TIMEOUT_S = 30.0


def register_ingest(web_app: web.Application, intake: Intake, token: str | None) -> None:
    """Add the route. Without a `token` nobody is one of us."""
    places = asyncio.Semaphore(MAX_AT_A_TIME)

    async def log(request: web.Request) -> web.Response:
        trusted = _is_one_of_us(request, token)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise QueryRefused(415, "unsupported_encoding", "send the lines as they are")
        async with places:
            lines = list(_lines(await _body(request)))
            if len(lines) > MAX_LINES:
                raise QueryRefused(413, "too_many_lines", f"at most {MAX_LINES} lines")
            answer = await intake.accept(lines, trusted=trusted, tenant=tenant_of(request))
        return web.Response(
            status=202,
            body=orjson.dumps(
                {
                    "accepted": answer.accepted,
                    "duplicates": answer.duplicates,
                    "rejected": answer.rejected,
                }
            ),
            content_type="application/json",
        )

    web_app.router.add_post(PATH, log)


def _is_one_of_us(request: web.Request, token: str | None) -> bool:
    """Whether it comes with the token. Raises: QueryRefused, with neither that nor a key."""
    try:
        return is_trusted(request.headers.get("Authorization"), token)
    except QueryRefused:
        if request.get(PRINCIPAL) is None:
            raise
        return False


async def _body(request: web.Request) -> bytes:
    """The whole body. Raises: QueryRefused, if it is too large or too slow."""
    too_large = QueryRefused(413, "too_large", f"at most {MAX_REQUEST_BYTES} bytes at a time")
    if (request.content_length or 0) > MAX_REQUEST_BYTES:
        raise too_large
    pieces, size_bytes = [], 0
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            async for piece in request.content.iter_any():
                size_bytes += len(piece)
                if size_bytes > MAX_REQUEST_BYTES:
                    raise too_large
                pieces.append(piece)
    except TimeoutError as exc:
        raise QueryRefused(408, "too_slow", "the request did not arrive in time") from exc
    return b"".join(pieces)


def _lines(body: bytes) -> Iterator[bytes]:
    return (line for line in body.split(b"\n") if line.strip())
