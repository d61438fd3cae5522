"""The HTTP views of the live tables: one user's aggregate, and the users with the highest totals.

    GET /api/v1/users/{user}                                       aggregate_json.py, or 404
    GET /api/v1/users?sort=cost|requests|tokens|errors&limit=100   from the rankings in memory

Every worker answers for all: a user is read where their partition is held (`routed.py`), a list is
gathered (`gathering.py`) and names the workers that did not answer. Nothing is scanned. 503 with
Retry-After while what was asked for recovers, moves to another worker, or is ranked anew. Errors
are raised; their JSON is made where the routes are put together.
"""

import json
from typing import Any

import orjson
from aiohttp import web

from app.clock import Clock, SystemClock
from app.errors import QueryRefused
from app.record.keys import keys_of_user
from app.record.model import MAX_USER_BYTES
from app.views.tenancy import tenant_of
from tables import aggregate_codec, tally
from tables.aggregate import Aggregate, merge
from tables.aggregate_json import rfc3339, to_json
from tables.definitions import USERS
from tables.gathering import Gathering
from tables.query import limit_of, order_of
from tables.routed import RoutedTables
from tables.top_users import Standing


class UserViews:
    """The handlers of both routes."""

    def __init__(self, tables: RoutedTables, gathering: Gathering, clock: Clock) -> None:
        self._tables = tables
        self._gathering = gathering
        self._clock = clock

    async def one(self, request: web.Request) -> web.Response:
        """One user's aggregate, sub-keys merged. Raises: QueryRefused, Unavailable."""
        tenant, user = tenant_of(request), request.match_info["user"]
        aggregate = await self._find(tenant, user)
        if aggregate is None:
            raise QueryRefused(404, "unknown_user", "no exchange of this user has been counted")
        return _json(to_json(tenant, user, aggregate, self._clock.now_s()))

    async def many(self, request: web.Request) -> web.Response:
        """The first users in the order asked for. Raises: QueryRefused, Unavailable."""
        order, limit = order_of(request.query.get("sort")), limit_of(request.query.get("limit"))
        tenant = tenant_of(request)
        standings, missing = await self._gathering.first(order, limit, tenant)
        items = [row(tenant, standing) for standing in standings]
        return _json({"items": items, "next_cursor": None, "missing_workers": missing})

    async def _find(self, tenant: str, user: str) -> Aggregate | None:
        if not is_possible(user):
            return None
        values = await self._tables.get_many(USERS.name, keys_of_user(tenant, user))
        found = [aggregate_codec.decode(value) for value in values if value is not None]
        return merge(found) if found else None


def register_table_views(
    web_app: web.Application,
    tables: RoutedTables,
    gathering: Gathering,
    clock: Clock | None = None,
) -> None:
    """Add both routes; a user's name may contain anything, `/` included."""
    views = UserViews(tables, gathering, clock or SystemClock())
    web_app.router.add_get("/api/v1/users", views.many)
    web_app.router.add_get("/api/v1/users/{user:.+}", views.one)


def is_possible(user: str) -> bool:
    """Whether any record can be of this user; control characters are kept for sub-keys."""
    return "\x00" not in user and len(user.encode("utf-8", "replace")) <= MAX_USER_BYTES


def row(tenant: str, standing: Standing) -> dict[str, Any]:
    """One user of a list: the totals, without models, hours and durations."""
    return {
        "tenant": tenant,
        "user": standing.user,
        **tally.as_json(standing.totals),
        "first_seen": rfc3339(standing.first_seen_ms),
        "last_seen": rfc3339(standing.last_seen_ms),
    }


def _json(answer: dict[str, Any]) -> web.Response:
    try:
        body = orjson.dumps(answer)
    except orjson.JSONEncodeError:
        body = json.dumps(answer).encode()
    return web.Response(body=body, content_type="application/json")
