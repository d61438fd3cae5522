"""The bodies of an exchange over HTTP, for the tenant whose they are.

    GET /api/v1/exchanges/{id}/body?side=request|response   the exact bytes that passed
    GET /api/v1/exchanges/{id}/body                          both as JSON

The bytes come with the content type and coding that they passed with, so a client decodes them as
the provider's would. They are anybody's: nothing may sniff, show or run them on our origin. In JSON
`data` is text where the bytes are uncoded UTF-8, else base64; `encoding` says which. A large body
that has an object of its own is null there: ask for its side.
"""

import asyncio
import base64
import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, get_args

import orjson
from aiohttp import web

from app.errors import QueryRefused, TailraceError
from app.record.bodies import BodyPart
from app.record.fields import REQUEST_ID_PATTERN
from app.sinks.archive.reading import Bodies, BodyReader, Side
from app.views.tenancy import tenant_of

logger = logging.getLogger(__name__)
SIDES: tuple[Side, ...] = get_args(Side)
ID = re.compile(REQUEST_ID_PATTERN)
SLICE_BYTES = 256 << 10
IDENTITY = frozenset({"", "identity"})
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


class BodyView:
    """The handler."""

    def __init__(self, reader: BodyReader | None) -> None:
        """`reader` is None where there is no object store."""
        self._reader = reader

    def register(self, web_app: web.Application) -> None:
        """Add the route."""
        web_app.router.add_get("/api/v1/exchanges/{id}/body", self.get)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One side, or both. Raises: QueryRefused, Unavailable."""
        request_id, side = request.match_info["id"], side_of(request.query.get("side"))
        if ID.fullmatch(request_id) is None:
            raise QueryRefused(404, "unknown_exchange", "no exchange has such an id", "id")
        if self._reader is None:
            raise QueryRefused(404, "no_archive", "bodies are not archived: no object store is set")
        reader, tenant = self._reader, tenant_of(request)
        bodies = await reader.read(tenant, request_id)
        if side is None:
            data = await asyncio.to_thread(as_json, request_id, bodies)
            headers = {"Content-Type": "application/json"}
            return await _sent(request, headers, len(data), _sliced(data))
        part = bodies.part(side)
        headers = {
            "Content-Type": part.content_type or "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{request_id}-{side}"',
        }
        if part.content_encoding:
            headers["Content-Encoding"] = part.content_encoding
        stored = part.stored
        pieces = _sliced(part.data) if stored is None else reader.pieces(tenant, stored)
        return await _sent(request, headers, part.size_bytes, pieces)


def side_of(text: str | None) -> Side | None:
    """The side that a query names. Raises: QueryRefused."""
    for side in SIDES:
        if text == side:
            return side
    if text is None:
        return None
    raise QueryRefused(400, "invalid_parameter", f"side is one of {', '.join(SIDES)}", "side")


def as_json(request_id: str, bodies: Bodies) -> bytes:
    """Both sides; one that is not there is null, `…_state` says why where that is known."""
    return orjson.dumps(
        {
            "request_id": request_id,
            "request": _part_json(bodies.request),
            "response": _part_json(bodies.response),
            "request_state": bodies.state("request"),
            "response_state": bodies.state("response"),
        }
    )


def _part_json(part: BodyPart | None) -> dict[str, Any] | None:
    if part is None:
        return None
    if part.stored is not None:
        return _described(part, None, None)
    if part.content_encoding.lower() in IDENTITY:
        with suppress(UnicodeDecodeError):
            return _described(part, "utf-8", part.data.decode())
    return _described(part, "base64", base64.b64encode(part.data).decode())


def _described(part: BodyPart, encoding: str | None, data: str | None) -> dict[str, Any]:
    return {
        "content_type": part.content_type,
        "content_encoding": part.content_encoding,
        "size_bytes": part.size_bytes,
        "encoding": encoding,
        "data": data,
    }


async def _sliced(data: bytes) -> AsyncIterator[bytes | memoryview]:
    """Slices small enough for the loop."""
    view = memoryview(data)
    for start in range(0, len(data), SLICE_BYTES):
        yield view[start : start + SLICE_BYTES]


async def _sent(
    request: web.Request,
    headers: dict[str, str],
    size_bytes: int,
    pieces: AsyncIterator[bytes | memoryview] | AsyncIterator[bytes],
) -> web.StreamResponse:
    """An answer piece by piece. What is wrong with a later piece breaks the connection off."""
    response = web.StreamResponse(headers={**GUARDS, **headers})
    response.content_length = size_bytes
    first = await anext(pieces, b"")
    await response.prepare(request)
    try:
        await response.write(first)
        async for piece in pieces:
            await response.write(piece)
    except TailraceError as error:
        logger.warning("a body is cut short: %s", error)
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response
