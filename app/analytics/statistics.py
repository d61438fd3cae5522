"""Grouped sums and quantiles of exchanges: SQL, and a row of the answer as JSON.

Sums are exact, and an unknown cost is in none of them but counted. Quantiles are exact up to 8,192
exchanges in a group, and of a random sample of so many above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.conditions import Parameters
from app.analytics.dimensions import TIME, Dimension, dimensions_of, expressions
from app.analytics.filters import add_period, check_names, conditions_of
from app.analytics.parameters import Pairs, one, refused, whole_number
from app.analytics.periods import Period, interval_s, period
from app.analytics.row import TABLE
from app.record.model import OTHER_UNITS, TOKEN_KINDS

OWN = frozenset({"group_by", "interval", "sort", "limit"})
DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
DIGITS = 3
_LEVELS = ", ".join(map(str, QUANTILES.values()))
MEASURES = {
    "requests": "count()",
    "errors": "countIf(is_error)",
    "unpriced_requests": "countIf(isNull(cost_nano_usd))",
    "cost_nano_usd": "ifNull(sum(cost_nano_usd), 0)",
    "tokens": "sumMap(usage)",
    "latency_ms": f"quantiles({_LEVELS})(total_ms)",
    "first_token_ms": f"quantiles({_LEVELS})(first_token_ms)",
}
SORTS = {
    "requests": "m_requests",
    "errors": "m_errors",
    "cost": "m_cost_nano_usd",
    "tokens": "m_tokens['input'] + m_tokens['output']",
}


@dataclass(frozen=True, slots=True)
class Statistics:
    """One question; one group more is asked for than is shown."""

    sql: str
    parameters: Parameters
    limit: int
    period: Period
    interval_s: int | None
    names: tuple[str, ...]

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The groups of the rows that were found, and what they are of."""
        return {
            **self.period.bounds,
            "interval_s": self.interval_s,
            "groups": [self._group(row) for row in rows[: self.limit]],
            "truncated": len(rows) > self.limit,
        }

    def _group(self, row: Mapping[str, Any]) -> dict[str, Any]:
        used = row["m_tokens"]
        tokens = {kind: count for kind, count in used.items() if kind not in OTHER_UNITS}
        return {
            "key": {name: row[f"k{number}"] for number, name in enumerate(self.names)},
            **{name: row[f"m_{name}"] for name in MEASURES},
            "tokens": dict.fromkeys(TOKEN_KINDS, 0) | tokens,
            "units": {unit: used.get(unit, 0) for unit in OTHER_UNITS},
            "latency_ms": _quantiles(row["m_latency_ms"]),
            "first_token_ms": _quantiles(row["m_first_token_ms"]),
        }


def statistics_of(pairs: Pairs, tenant: str, now_ms: int) -> Statistics:
    """The question that the parameters mean. Raises: QueryRefused."""
    check_names(pairs, OWN)
    names = dimensions_of(pairs)
    limit = whole_number(pairs, "limit", least=1, most=MAX_LIMIT) or DEFAULT_LIMIT
    when = period(pairs, now_ms)
    width_s = _width_s(pairs, names, when)
    conditions = conditions_of(pairs, tenant)
    add_period(conditions, when.from_ms, when.to_ms)
    groups = expressions(names, conditions, width_s or 0)
    keys = [f"{each.expression} AS k{number}" for number, each in enumerate(groups)]
    measures = [f"{text} AS m_{name}" for name, text in MEASURES.items()]
    grouped = ", ".join(f"k{number}" for number in range(len(groups)))
    sql = f"SELECT {', '.join([*keys, *measures])} FROM {TABLE} FINAL WHERE {conditions.where}"  # noqa: S608
    if groups:
        sql += f" GROUP BY {grouped} ORDER BY {_order(pairs, groups)} LIMIT {limit + 1}"
    return Statistics(sql, conditions.parameters, limit, when, width_s, tuple(names))


def _width_s(pairs: Pairs, names: Sequence[str], when: Period) -> int | None:
    if TIME in names:
        return interval_s(pairs, when)
    if one(pairs, "interval") is not None:
        raise refused("interval", "goes with group_by=time")
    return None


def _order(pairs: Pairs, groups: Sequence[Dimension]) -> str:
    """By time where it is a dimension, then by the measure asked for, the highest first."""
    sort = one(pairs, "sort") or "requests"
    if sort not in SORTS:
        raise refused("sort", f"one of {', '.join(SORTS)}")
    keys = [f"k{number}" for number in range(len(groups))]
    times = [key for key, each in zip(keys, groups, strict=True) if each.name == TIME]
    rest = [key for key in keys if key not in times]
    return ", ".join([*times, f"{SORTS[sort]} DESC", *rest])


def _quantiles(values: Sequence[float | None]) -> dict[str, float | None]:
    """Null where nothing was measured."""
    return {
        name: None if value is None else round(value, DIGITS)
        for name, value in zip(QUANTILES, values, strict=True)
    }
