"""A row of `exchanges` as the API answers it: the record's own members and its cost.

The same members as the live tail's events: `timings_ms` and `usage` nested, cost beside them.
"""

from collections.abc import Mapping
from typing import Any

from app.analytics.row import COLUMNS, MAIN_KINDS, OF_TIMINGS, full_ref

MILLIS = tuple(f"{name}_ms" for name in OF_TIMINGS)
INNER = frozenset(
    {
        *("id_at", "version", "usage", "usage_estimated", "is_error", "body_ref", *MILLIS),
        *(f"{kind}_tokens" for kind in MAIN_KINDS),
    }
)
WHOLE = (*COLUMNS, "stored_at")
BRIEF = (
    *("tenant", "request_id", "started_at", "user", "session_id", "key_id", "provider"),
    *("dialect", "model_requested", "model", "stream", "status", "outcome", "error", "is_error"),
    *("finish_reason", *MILLIS, "usage", "usage_estimated", "cost_nano_usd"),
    *("unpriced_reason", "properties", "body_ref", "request_body", "response_body"),
)


def exchange_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """One exchange, whole or brief, of a row as the engine answers it."""
    answer = {name: value for name, value in row.items() if name not in INNER}
    answer["timings_ms"] = {
        name: row[column] for name, column in zip(OF_TIMINGS, MILLIS, strict=True)
    }
    answer["usage"] = _usage(row)
    answer["is_error"] = bool(row["is_error"])
    answer["body_ref"] = full_ref(row["body_ref"], row["request_id"])
    return answer


def _usage(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where none was reported; a kind that is not there was not reported."""
    if row["usage_estimated"] is None:
        return None
    return {**row["usage"], "estimated": bool(row["usage_estimated"])}
