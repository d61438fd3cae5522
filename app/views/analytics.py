"""Finished exchanges and statistics of them, from the analytics engine.

    GET /api/v1/exchanges        a page, newest first: filters, `limit`, `cursor`
    GET /api/v1/exchanges/{id}   one of them, whole
    GET /api/v1/stats            grouped sums and quantiles: `group_by`, `interval`, filters

400 names the parameter at fault, 422 says that an answer would cost too much, 501 that there is no
engine, 503 with Retry-After that it is away. An exchange is counted once, however often its row
was written.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from app.analytics.conditions import Parameters
from app.analytics.exchange import exchange_json
from app.analytics.listing import exchange_query, listing_of
from app.analytics.parameters import only_known
from app.analytics.statistics import statistics_of
from app.clock import Clock
from app.errors import QueryRefused, SinkRefused, SinkUnavailable, Unavailable
from app.sinks.clickhouse.protocol import Analytics
from app.views.tenancy import tenant_of

logger = logging.getLogger(__name__)
EXCHANGES = "/api/v1/exchanges"
STATS = "/api/v1/stats"
RETRY_AFTER_S = 5.0
# About a millisecond's work; an answer of more is made in a thread.
ROWS_AT_ONCE = 100
Rows = list[dict[str, Any]]


class AnalyticsViews:
    """The handlers of the three routes."""

    def __init__(self, engine: Analytics | None, clock: Clock, timeout_s: float) -> None:
        """`timeout_s` is how long one answer may take; without an engine there are none."""
        self._engine = engine
        self._clock = clock
        self._timeout_s = timeout_s

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        web_app.router.add_get(EXCHANGES, self.many)
        web_app.router.add_get(EXCHANGES + "/{id}", self.one)
        web_app.router.add_get(STATS, self.stats)

    async def many(self, request: web.Request) -> web.Response:
        """A page of the list. Raises: QueryRefused, Unavailable."""
        listing = listing_of(pairs_of(request), tenant_of(request))
        rows = await self._ask(listing.sql, listing.parameters, listing.limit + 1)
        return await _answered(listing.answer, rows)

    async def one(self, request: web.Request) -> web.Response:
        """One exchange, whole. Raises: QueryRefused, Unavailable."""
        only_known(pairs_of(request), ())
        sql, parameters = exchange_query(tenant_of(request), request.match_info["id"])
        rows = await self._ask(sql, parameters, 1)
        if not rows:
            raise QueryRefused(404, "unknown_exchange", "no exchange with this id is stored")
        return _json(exchange_json(rows[0]))

    async def stats(self, request: web.Request) -> web.Response:
        """Grouped sums and quantiles. Raises: QueryRefused, Unavailable."""
        now_ms = int(self._clock.now_s() * 1000) + 1
        question = statistics_of(pairs_of(request), tenant_of(request), now_ms)
        rows = await self._ask(question.sql, question.parameters, question.limit + 1)
        return await _answered(question.answer, rows)

    async def _ask(self, sql: str, parameters: Parameters, max_rows: int) -> Rows:
        if self._engine is None:
            raise QueryRefused(501, "no_analytics", "TAILRACE_ANALYTICS__URL names no engine")
        query = self._engine.query(sql, parameters, max_rows=max_rows, timeout_s=self._timeout_s)
        return await asked(query)


async def asked(query: Awaitable[Rows]) -> Rows:
    """The rows of a query, its errors as those of a view. Raises: QueryRefused, Unavailable."""
    try:
        return await query
    except SinkUnavailable as exc:
        logger.warning("a query of analytics failed: %s", exc)
        retry_after_s = exc.retry_after_s or RETRY_AFTER_S
        raise Unavailable("the analytics engine is not available", retry_after_s) from exc
    except SinkRefused as exc:
        logger.warning("a query of analytics was refused: %s", exc)
        message = "this would read too much or take too long: narrow it by from, to or a filter"
        raise QueryRefused(422, "too_expensive", message) from exc


def pairs_of(request: web.Request) -> list[tuple[str, str]]:
    """The parameters in their order, those given several times included."""
    return list(request.query.items())


async def _answered(answer: Callable[[Rows], Mapping[str, Any]], rows: Rows) -> web.Response:
    if len(rows) <= ROWS_AT_ONCE:
        return _json(answer(rows))
    return await asyncio.to_thread(lambda: _json(answer(rows)))


def _json(answer: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(answer), content_type="application/json")
