"""The webhooks of one exchange, whichever endpoint they went to.

    GET /api/v1/exchanges/{id}/deliveries   every attempt, oldest first

An exchange that was sent to nobody has an empty list, as has one that is not known.
"""

import re
from datetime import timedelta

from aiohttp import web

from app.clock import utc
from app.errors import QueryRefused
from app.ids import minted_at_ms
from app.record.fields import REQUEST_ID_PATTERN
from app.views.tenancy import tenant_of
from app.webhooks.changes import encoded
from app.webhooks.log import DeliveryLog

ID = re.compile(REQUEST_ID_PATTERN)
MAX_ATTEMPTS = 500
CLOCKS_APART = timedelta(minutes=10)


class ExchangeDeliveries:
    """The handler."""

    def __init__(self, log: DeliveryLog) -> None:
        self._log = log

    def register(self, web_app: web.Application) -> None:
        """Add the route."""
        web_app.router.add_get("/api/v1/exchanges/{id}/deliveries", self.get)

    async def get(self, request: web.Request) -> web.Response:
        """The attempts. Raises: QueryRefused, Unavailable."""
        request_id = request.match_info["id"]
        if ID.fullmatch(request_id) is None:
            raise QueryRefused(404, "unknown_exchange", "no exchange has such an id", "id")
        since = utc(minted_at_ms(request_id) / 1000) - CLOCKS_APART
        items = await self._log.of_exchange(
            tenant_of(request), request_id, since=since, limit=MAX_ATTEMPTS
        )
        body = encoded({"items": list(items), "next_cursor": None})
        return web.Response(body=body, content_type="application/json")
