"""The HTTP views of the live tables: one user's aggregate, and the users with the highest totals.

    GET /api/v1/users/{user}                                       aggregate_json.py, or 404
    GET /api/v1/users?sort=cost|requests|tokens|errors&limit=100   from the ranking in memory

Both answer from this process's tables, without a scan, and 503 with Retry-After while those are
recovering, move to another worker, or are ranked anew. Errors are raised; their JSON is made where
the routes are put together.
"""

import json
import re
from typing import Any

import orjson
from aiohttp import web

from app.clock import Clock, SystemClock
from app.engine.contracts import LiveTables
from app.errors import QueryRefused
from app.record.keys import keys_of_user
from app.record.model import MAX_USER_BYTES
from app.views.tenancy import tenant_of
from tables import aggregate_codec, tally
from tables.aggregate import Aggregate, merge
from tables.aggregate_json import rfc3339, to_json
from tables.definitions import USERS
from tables.top_users import ORDERS, Order, Standing, TopUsers

DEFAULT_ORDER: Order = "cost"
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


class UserViews:
    """The handlers of both routes."""

    def __init__(self, live: LiveTables, top: TopUsers, clock: Clock) -> None:
        self._live = live
        self._top = top
        self._clock = clock

    async def one(self, request: web.Request) -> web.Response:
        """One user's aggregate, sub-keys merged. Raises: QueryRefused, Unavailable."""
        tenant, user = tenant_of(request), request.match_info["user"]
        aggregate = self._find(tenant, user)
        if aggregate is None:
            raise QueryRefused(404, "unknown_user", "no exchange of this user has been counted")
        return _json(to_json(tenant, user, aggregate, self._clock.now_s()))

    async def many(self, request: web.Request) -> web.Response:
        """The first users in the order asked for. Raises: QueryRefused, Unavailable."""
        order, limit = order_of(request.query.get("sort")), limit_of(request.query.get("limit"))
        self._live.check_ready()
        self._top.check_ready()
        tenant = tenant_of(request)
        items = [row(tenant, standing) for standing in self._top.top(order, limit, tenant)]
        return _json({"items": items, "next_cursor": None, "missing_workers": []})

    def _find(self, tenant: str, user: str) -> Aggregate | None:
        self._live.check_ready()
        if not is_possible(user):
            return None
        values = [self._live.get(USERS.name, key) for key in keys_of_user(tenant, user)]
        found = [aggregate_codec.decode(value) for value in values if value is not None]
        return merge(found) if found else None


def register_table_views(
    web_app: web.Application, live: LiveTables, top: TopUsers, clock: Clock | None = None
) -> None:
    """Add both routes; a user's name may contain anything, `/` included."""
    views = UserViews(live, top, clock or SystemClock())
    web_app.router.add_get("/api/v1/users", views.many)
    web_app.router.add_get("/api/v1/users/{user:.+}", views.one)


def is_possible(user: str) -> bool:
    """Whether any record can be of this user; control characters are kept for sub-keys."""
    return "\x00" not in user and len(user.encode("utf-8", "replace")) <= MAX_USER_BYTES


def order_of(sort: str | None) -> Order:
    """The order named by `sort`. Raises: QueryRefused."""
    for order in ORDERS:
        if sort == order:
            return order
    if sort is None:
        return DEFAULT_ORDER
    raise QueryRefused(
        400, "invalid_parameter", f"sort is one of {', '.join(ORDERS)}", field="sort"
    )


def limit_of(limit: str | None) -> int:
    """The number of rows asked for. Raises: QueryRefused."""
    if limit is None:
        return DEFAULT_LIMIT
    if _WHOLE_NUMBER.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT:
        return int(limit)
    message = f"limit is a whole number from 1 to {MAX_LIMIT}"
    raise QueryRefused(400, "invalid_parameter", message, field="limit")


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
