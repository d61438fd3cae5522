"""Signed links to bodies: what the gate asks, and where the bodies of a webhook come from."""

import asyncio
import re

from aiohttp import web

from app.clock import Clock, SystemClock
from app.errors import QueryRefused, TailraceError
from app.record.fields import REQUEST_ID_PATTERN
from app.sinks.archive.reading import BodyReader
from app.views.bodies import as_json
from app.webhooks.links import SIGNATURE, Links
from app.webhooks.sending import LARGE_BYTES, Found, NoBodies, NotYet, TooLong

PATH = re.compile(rf"/api/v1/exchanges/({REQUEST_ID_PATTERN.strip('^$')})/body")
AGAIN_S = 5.0


class LinkCheck:
    """Whose exchange a request shows by its link; None for a request that is none."""

    def __init__(self, links: Links, clock: Clock | None = None) -> None:
        self._links = links
        self._clock = clock or SystemClock()

    def __call__(self, request: web.Request) -> str | None:
        """The tenant of a good link."""
        found = PATH.fullmatch(request.path)
        if found is None or request.method not in ("GET", "HEAD"):
            return None
        if SIGNATURE not in request.query:
            return None
        return self._links.tenant_of(found[1], request.query, self._clock.now_s())


class ArchivedBodies:
    """The bodies of webhooks, read back from the archive."""

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader

    async def both(self, tenant: str, request_id: str, max_bytes: int) -> Found:
        """Both sides as JSON; what is away now may be there later."""
        try:
            bodies = await self._reader.read(tenant, request_id)
        except QueryRefused as error:
            if error.retry_after_s is None:
                return NoBodies(error.code)
            return NotYet(error.retry_after_s)
        except TailraceError:
            return NotYet(AGAIN_S)
        size_bytes = sum(len(part.data) for part in (bodies.request, bodies.response) if part)
        if size_bytes > max_bytes:
            return TooLong()
        if size_bytes > LARGE_BYTES:
            data = await asyncio.to_thread(as_json, request_id, bodies)
        else:
            data = as_json(request_id, bodies)
        return data if len(data) <= max_bytes else TooLong()
