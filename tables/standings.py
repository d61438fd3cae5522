"""The rankings of several workers as one.

A user lies in one partition, so a name is in one worker's ranking alone, the anonymous user apart,
whose sub-keys are everywhere: parts under the same name are added. Each worker's first `n` named
users and its anonymous part hold the first `n` of all. Numbers beyond 64 bits travel as texts.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from app.errors import Unavailable
from tables.tally import COLUMNS, plus
from tables.top_users import Order, Standing

MAX_JSON_INT = (1 << 63) - 1


def merged(rankings: Iterable[Sequence[Standing]], order: Order, limit: int) -> list[Standing]:
    """The first `limit` of all, highest first, ties by name."""
    by_user: dict[str, Standing] = {}
    for standing in (each for ranking in rankings for each in ranking):
        known = by_user.get(standing.user)
        by_user[standing.user] = standing if known is None else _sum(known, standing)
    ranked = sorted(by_user.values(), key=lambda each: (-each.value(order), each.user))
    return ranked[:limit]


def to_wire(standing: Standing) -> list[Any]:
    """A standing as it is sent to another worker."""
    totals = [str(n) if abs(n) > MAX_JSON_INT else n for n in standing.totals]
    return [standing.user, totals, standing.first_seen_ms, standing.last_seen_ms]


def from_wire(items: Any) -> list[Standing]:
    """What another worker sent. Raises: Unavailable, if it cannot be read."""
    try:
        return [_standing(*item) for item in items]
    except (TypeError, ValueError) as exc:
        raise Unavailable(f"a ranking that cannot be read: {exc}") from exc


def _standing(user: str, totals: list[Any], first_ms: int, last_ms: int) -> Standing:
    row = [int(number) for number in totals]
    if not isinstance(user, str) or len(row) != len(COLUMNS):
        raise ValueError("another number of columns")
    return Standing(user, row, int(first_ms), int(last_ms))


def _sum(one: Standing, other: Standing) -> Standing:
    return Standing(
        one.user,
        plus(one.totals, other.totals),
        min(one.first_seen_ms, other.first_seen_ms),
        max(one.last_seen_ms, other.last_seen_ms),
    )
