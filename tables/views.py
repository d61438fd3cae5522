"""The HTTP views of the live tables: one user's aggregate, and the users with the highest totals.

    GET /api/v1/users/{user}                                       aggregate_json.py, or 404
    GET /api/v1/users?sort=cost|requests|tokens|errors&limit=100   from the rankings in memory

Every worker answers for all: a user is read where their partition is held (`routed.py`), a list is
gathered (`gathering.py`) and names the workers that did not answer. Nothing is scanned. 503 with
Retry-After while what was asked for recovers, moves to another worker, or is ranked anew; a user
by `?stale=ok` is then read from a copy, and answered with `stale: true` and `age_s`. Errors are
raised; their JSON is made where the routes are put together.
"""

import json
from typing import Any

import orjson
from aiohttp import web

from app.clock import Clock, SystemClock
from app.errors import QueryRefused
from app.record.model import MAX_USER_BYTES
from app.views.tenancy import tenant_of
from tables import tally
from tables.aggregate_json import rfc3339, to_json
from tables.gathering import Gathering
from tables.query import limit_of, may_be_stale, order_of
from tables.top_users import Standing
from tables.user_reads import UserReads


class UserViews:
    """The handlers of both routes."""

    def __init__(self, reads: UserReads, gathering: Gathering, clock: Clock) -> None:
        self._reads = reads
        self._gathering = gathering
        self._clock = clock

    async def one(self, request: web.Request) -> web.Response:
        """One user's aggregate, sub-keys merged. Raises: QueryRefused, Unavailable."""
        tenant, user = tenant_of(request), request.match_info["user"]
        find = (
            self._reads.any_age if may_be_stale(request.query.get("stale")) else self._reads.exact
        )
        found = await find(tenant, user) if is_possible(user) else None
        if found is None:
            raise QueryRefused(404, "unknown_user", "no exchange of this user has been counted")
        answer = to_json(tenant, user, found.aggregate, self._clock.now_s())
        if found.age_s is not None:
            answer |= {"stale": True, "age_s": round(found.age_s, 3)}
        return _json(answer)

    async def many(self, request: web.Request) -> web.Response:
        """The first users in the order asked for. Raises: QueryRefused, Unavailable."""
        order, limit = order_of(request.query.get("sort")), limit_of(request.query.get("limit"))
        tenant = tenant_of(request)
        standings, missing = await self._gathering.first(order, limit, tenant)
        items = [row(tenant, standing) for standing in standings]
        return _json({"items": items, "next_cursor": None, "missing_workers": missing})


def register_table_views(
    web_app: web.Application,
    reads: UserReads,
    gathering: Gathering,
    clock: Clock | None = None,
) -> None:
    """Add both routes; a user's name may contain anything, `/` included."""
    views = UserViews(reads, gathering, clock or SystemClock())
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
