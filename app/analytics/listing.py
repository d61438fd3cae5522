"""The list of exchanges, newest first, and one of them: SQL and its bound values.

A list is in the order of (started_at, request_id), both falling, so that a page continues exactly
where the last one ended, whatever was stored meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.analytics import cursor
from app.analytics.conditions import Conditions, Parameters, at_ms
from app.analytics.exchange import BRIEF, WHOLE, exchange_json
from app.analytics.filters import add_period, check_names, conditions_of, period_of
from app.analytics.parameters import EPOCH, Pairs, one, whole_number
from app.analytics.row import TABLE
from app.ids import minted_at_ms

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
OWN = frozenset({"limit", "cursor"})


@dataclass(frozen=True, slots=True)
class Listing:
    """One page: what to ask, and how long it is. One row more is asked for than it has."""

    sql: str
    parameters: Parameters
    limit: int

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The page of the rows that were found."""
        page = rows[: self.limit]
        more = len(rows) > self.limit
        return {
            "items": [exchange_json(row) for row in page],
            "next_cursor": cursor.encode(_place(page[-1])) if more else None,
        }


def listing_of(pairs: Pairs, tenant: str) -> Listing:
    """The page that the parameters mean. Raises: QueryRefused."""
    check_names(pairs, OWN)
    limit = whole_number(pairs, "limit", least=1, most=MAX_LIMIT) or DEFAULT_LIMIT
    conditions = conditions_of(pairs, tenant)
    add_period(conditions, *period_of(pairs))
    if (text := one(pairs, "cursor")) is not None:
        _after(conditions, cursor.decode(text))
    sql = (
        f"SELECT {', '.join(BRIEF)} FROM {TABLE} FINAL WHERE {conditions.where}"  # noqa: S608
        f" ORDER BY started_at DESC, request_id DESC LIMIT {limit + 1}"
    )
    return Listing(sql, conditions.parameters, limit)


def exchange_query(tenant: str, request_id: str) -> tuple[str, Parameters]:
    """The row of one exchange, found by its sorting key."""
    conditions = Conditions()
    conditions.add("tenant = %s", "String", tenant)
    conditions.add(f"id_at = {at_ms(conditions, minted_at_ms(request_id))}")
    conditions.add("request_id = %s", "String", request_id)
    sql = f"SELECT {', '.join(WHOLE)} FROM {TABLE} FINAL WHERE {conditions.where}"  # noqa: S608
    return sql, conditions.parameters


def _after(conditions: Conditions, place: cursor.Place) -> None:
    at = at_ms(conditions, place.started_ms)
    conditions.add(f"started_at <= {at}")
    conditions.add(f"(started_at < {at} OR request_id < %s)", "String", place.request_id)


def _place(row: Mapping[str, Any]) -> cursor.Place:
    at = datetime.fromisoformat(row["started_at"])
    return cursor.Place((at - EPOCH) // timedelta(milliseconds=1), row["request_id"])
