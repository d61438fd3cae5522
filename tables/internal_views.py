"""What the workers of a deployment ask each other; with the internal token alone.

    GET /internal/tables/{table}?key=…&key=…      values of our own partitions, base64, in order
    GET /internal/copies/{table}?key=…&key=…      values and ages of any copies we have, or null
    GET /internal/top?tenant=…&sort=…&limit=…     our own partitions' ranking

Nothing here is passed on to a third worker: a partition that is not served here is a 503.
"""

import orjson
from aiohttp import web

from app.cluster.peers import COPIES_PATH, VALUES_PATH, decoded, encoded
from app.cluster.trust import check_trusted
from app.engine.contracts import Copy, LiveTables
from app.errors import QueryRefused
from tables.copies import own_copies
from tables.definitions import USERS
from tables.query import limit_of, order_of
from tables.standings import to_wire
from tables.top_users import TopUsers

TOP_PATH = "/internal/top"
MAX_KEYS = 64


class InternalViews:
    """The handlers of these routes."""

    def __init__(self, live: LiveTables, top: TopUsers, token: str | None) -> None:
        self._live = live
        self._top = top
        self._token = token

    async def values(self, request: web.Request) -> web.Response:
        """Values of keys whose partitions we serve. Raises: QueryRefused, Unavailable."""
        keys = self._keys_of(request)
        table = request.match_info["table"]
        values = [self._live.get(table, key) for key in keys]
        await self._live.durable(table, keys)
        return answer({"values": [None if value is None else encoded(value) for value in values]})

    async def copies(self, request: web.Request) -> web.Response:
        """What we have of keys, whoever owns them. Raises: QueryRefused."""
        keys = self._keys_of(request)
        copies = await own_copies(self._live, request.match_info["table"], keys)
        return answer({"copies": [None if copy is None else to_wire_copy(copy) for copy in copies]})

    def _keys_of(self, request: web.Request) -> list[bytes]:
        check_trusted(request, self._token)
        table = request.match_info["table"]
        if table != USERS.name:
            raise QueryRefused(404, "unknown_table", f"no table {table!r} is read from outside")
        return keys_of(request.query.getall("key", []))

    async def top(self, request: web.Request) -> web.Response:
        """The first users of our partitions. Raises: QueryRefused, Unavailable."""
        check_trusted(request, self._token)
        order, limit = order_of(request.query.get("sort")), limit_of(request.query.get("limit"))
        tenant = request.query.get("tenant", "")
        self._live.check_ready()
        self._top.check_ready()
        share = self._top.share(order, limit, tenant)
        await self._live.durable(USERS.name)
        return answer({"items": [to_wire(each) for each in share]})


def to_wire_copy(copy: Copy) -> dict[str, object]:
    """A copy as it is sent to another worker."""
    return {"value": None if copy.value is None else encoded(copy.value), "age_s": copy.age_s}


def keys_of(texts: list[str]) -> list[bytes]:
    """The keys asked for. Raises: QueryRefused."""
    if not 1 <= len(texts) <= MAX_KEYS:
        raise QueryRefused(400, "invalid_parameter", f"from 1 to {MAX_KEYS} keys", field="key")
    try:
        return [decoded(text) for text in texts]
    except ValueError as exc:
        raise QueryRefused(400, "invalid_parameter", str(exc), field="key") from exc


def answer(members: dict[str, object]) -> web.Response:
    """An answer for another worker."""
    return web.Response(body=orjson.dumps(members), content_type="application/json")


def register_internal_views(
    web_app: web.Application, live: LiveTables, top: TopUsers, token: str | None
) -> None:
    """Add the routes."""
    views = InternalViews(live, top, token)
    web_app.router.add_get(VALUES_PATH + "{table}", views.values)
    web_app.router.add_get(COPIES_PATH + "{table}", views.copies)
    web_app.router.add_get(TOP_PATH, views.top)
