"""The aggregate as `/api/v1/users/{user}` answers it, and a user's row as the list does.

Times are RFC 3339 in UTC, costs integer nano-USD, durations milliseconds. Quantiles of nothing are
null. `hours` and `days` are those of the last 48 hours and 32 days; empty ones are left out.
"""

from typing import Any

from app.clock import utc
from tables import by_model, tally
from tables.aggregate import Aggregate
from tables.buckets import DAILY, HOURLY, Grain, window
from tables.histogram import Histogram
from tables.tally import Row

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
DIGITS = 3


def to_json(tenant: str, user: str, aggregate: Aggregate, now_s: float) -> dict[str, Any]:
    """The whole answer for one user."""
    return {
        "tenant": tenant,
        "user": user,
        **tally.as_json(aggregate.totals),
        "outcomes": aggregate.outcomes,
        "latency_ms": _quantiles(aggregate.latency),
        "first_token_ms": _quantiles(aggregate.first_token),
        "by_model": {
            name: tally.as_json(row) for name, row in by_model.shown(aggregate.models).items()
        },
        "hours": _series(aggregate.hours, HOURLY, now_s),
        "days": _series(aggregate.days, DAILY, now_s),
        "first_seen": rfc3339(aggregate.first_seen_ms),
        "last_seen": rfc3339(aggregate.last_seen_ms),
        "stale": False,
    }


def rfc3339(epoch_ms: int) -> str:
    """Milliseconds since the Unix epoch as RFC 3339 in UTC, to the millisecond."""
    return utc(epoch_ms / 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quantiles(histogram: Histogram) -> dict[str, float | None]:
    found = {name: histogram.quantile_ms(fraction) for name, fraction in QUANTILES.items()}
    return {name: None if ms is None else round(ms, DIGITS) for name, ms in found.items()}


def _series(rows: list[Row], grain: Grain, now_s: float) -> list[dict[str, object]]:
    oldest, _ = window(grain, now_s)
    return [
        {"at": rfc3339(row[0] * grain.width_s * 1000), **tally.as_json(row[1:])}
        for row in rows
        if row[0] >= oldest
    ]
