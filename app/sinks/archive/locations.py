"""Where the bodies of an exchange lie, and what became of each side; asked of the analytics engine.

The tables are `bodies` (`config/sql`), written by the agent `index`, and `exchanges`. A row that
was replaced may still be there: the newest counts, though any would do.
"""

from dataclasses import dataclass
from typing import Protocol, cast

from app.errors import SinkRefused, SinkUnavailable, Unavailable
from app.ids import minted_at_ms
from app.record.model import BodyState
from app.sinks.clickhouse.protocol import Analytics

RETRY_AFTER_S = 5.0
PLACE = """
SELECT object, offset, length FROM bodies
WHERE tenant = {tenant:String} AND request_id = {request_id:String}
AND id_at = fromUnixTimestamp64Milli({id_ms:Int64}, 'UTC')
ORDER BY archived_at DESC LIMIT 1
"""
STATES = """
SELECT request_body, response_body FROM exchanges
WHERE tenant = {tenant:String} AND request_id = {request_id:String}
AND id_at = fromUnixTimestamp64Milli({id_ms:Int64}, 'UTC')
ORDER BY version DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Location:
    """The bytes of one member in an object."""

    object: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class BodyStates:
    """What the record says of each side."""

    request: BodyState
    response: BodyState


class Locations(Protocol):
    """Knows of each exchange of a tenant; both raise Unavailable alone."""

    async def find(self, tenant: str, request_id: str) -> Location | None:
        """Where its bodies lie, None if that is not known, or not yet."""

    async def states(self, tenant: str, request_id: str) -> BodyStates | None:
        """What its record says, None if there is none, or not yet."""


class NoLocations:
    """Knows of nothing: for a process without an analytics engine."""

    async def find(self, tenant: str, request_id: str) -> Location | None:
        """None."""
        del tenant, request_id
        return None

    async def states(self, tenant: str, request_id: str) -> BodyStates | None:
        """None."""
        del tenant, request_id
        return None


class AnalyticsLocations:
    """Asks the engine."""

    def __init__(self, analytics: Analytics) -> None:
        """The engine belongs to the caller."""
        self._analytics = analytics

    async def find(self, tenant: str, request_id: str) -> Location | None:
        """The newest place."""
        row = await self._first(PLACE, tenant, request_id)
        if row is None:
            return None
        return Location(str(row["object"]), int(str(row["offset"])), int(str(row["length"])))

    async def states(self, tenant: str, request_id: str) -> BodyStates | None:
        """The newest row."""
        row = await self._first(STATES, tenant, request_id)
        if row is None:
            return None
        request, response = row["request_body"], row["response_body"]
        return BodyStates(cast(BodyState, request), cast(BodyState, response))

    async def _first(self, sql: str, tenant: str, request_id: str) -> dict[str, object] | None:
        named = {"tenant": tenant, "request_id": request_id, "id_ms": minted_at_ms(request_id)}
        try:
            rows = await self._analytics.query(sql, named, max_rows=1)
        except SinkUnavailable as exc:
            wait_s = exc.retry_after_s or RETRY_AFTER_S
            raise Unavailable("the analytics engine is away", wait_s) from exc
        except SinkRefused as exc:
            raise Unavailable("the analytics engine has no such table yet", RETRY_AFTER_S) from exc
        return rows[0] if rows else None
