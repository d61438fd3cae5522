"""Which exchanges a question is about: its parameters as conditions.

user model provider dialect session_id key_id    equal; several times: any of them
property.<key>=<value>                            equal; several times: any of them
outcome status                                    the same, also by commas; a status may be 4xx
from to                                           started at or after, and before
has_error has_body unpriced                       true or false
min_cost_nano_usd max_cost_nano_usd               both ends included; unknown costs are in none
min_latency_ms max_latency_ms                     the same
"""

import re
from typing import get_args

from app.analytics.conditions import Conditions, at_ms
from app.analytics.parameters import (
    Pairs,
    many,
    only_known,
    refused,
    time_ms,
    whole_number,
    yes_or_no,
)
from app.record.model import Outcome

MODEL = "ifNull(model, ifNull(model_requested, 'unknown'))"
"""The model that answered, else the one asked for: what live tables count by."""
EQUAL = {
    "user": "user",
    "model": MODEL,
    "provider": "provider",
    "dialect": "dialect",
    "session_id": "session_id",
    "key_id": "key_id",
}
PROPERTY = "property."
YES_OR_NO = {
    "has_error": "is_error",
    "has_body": "(request_body = 'kept' OR response_body = 'kept')",
    "unpriced": "isNull(cost_nano_usd)",
}
BOUNDS = {
    "min_cost_nano_usd": "cost_nano_usd >= %s",
    "max_cost_nano_usd": "cost_nano_usd <= %s",
    "min_latency_ms": "total_ms >= %s",
    "max_latency_ms": "total_ms <= %s",
}
NAMES = frozenset({*EQUAL, *YES_OR_NO, *BOUNDS, "outcome", "status", "from", "to"})
MAX_PROPERTIES = 10
_STATUS = re.compile(r"[1-9][0-9]{2}|[1-9]xx")


def check_names(pairs: Pairs, own: frozenset[str]) -> None:
    """Refuse parameters that are neither filters nor the question's own. Raises: QueryRefused."""
    only_known(pairs, NAMES | own, [PROPERTY])


def conditions_of(pairs: Pairs, tenant: str) -> Conditions:
    """The tenant's exchanges that the filters mean, times apart. Raises: QueryRefused."""
    conditions = Conditions()
    conditions.add("tenant = %s", "String", tenant)
    for name, column in EQUAL.items():
        if values := many(pairs, name):
            conditions.add(f"{column} IN %s", "Array(String)", values)
    _properties(pairs, conditions)
    _outcomes(pairs, conditions)
    _statuses(pairs, conditions)
    for name, text in YES_OR_NO.items():
        if (wanted := yes_or_no(pairs, name)) is not None:
            conditions.add(text if wanted else f"NOT {text}")
    for name, text in BOUNDS.items():
        if (bound := whole_number(pairs, name)) is not None:
            conditions.add(text, "Int64", bound)
    return conditions


def add_period(conditions: Conditions, from_ms: int | None, to_ms: int | None) -> None:
    """Started at or after `from_ms`, and before `to_ms`."""
    if from_ms is not None:
        conditions.add(f"started_at >= {at_ms(conditions, from_ms)}")
    if to_ms is not None:
        conditions.add(f"started_at < {at_ms(conditions, to_ms)}")


def period_of(pairs: Pairs) -> tuple[int | None, int | None]:
    """`from` and `to` in milliseconds since the epoch. Raises: QueryRefused."""
    from_ms, to_ms = time_ms(pairs, "from"), time_ms(pairs, "to")
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise refused("to", "not after `from`")
    return from_ms, to_ms


def _properties(pairs: Pairs, conditions: Conditions) -> None:
    names = dict.fromkeys(name for name, _ in pairs if name.startswith(PROPERTY))
    if len(names) > MAX_PROPERTIES:
        raise refused(PROPERTY + "*", f"up to {MAX_PROPERTIES} properties")
    for name in names:
        key, values = name.removeprefix(PROPERTY), many(pairs, name)
        if not key or not key.isprintable():
            raise refused(name, "a property has a name")
        held = conditions.bind("String", key)
        conditions.add(f"mapContains(properties, {held})")
        conditions.add(f"properties[{held}] IN %s", "Array(String)", values)


def _outcomes(pairs: Pairs, conditions: Conditions) -> None:
    known = get_args(Outcome)
    values = many(pairs, "outcome", by_comma=True)
    if any(each not in known for each in values):
        raise refused("outcome", f"an outcome is one of {', '.join(known)}")
    if values:
        conditions.add("outcome IN %s", "Array(String)", values)


def _statuses(pairs: Pairs, conditions: Conditions) -> None:
    values = many(pairs, "status", by_comma=True)
    if any(_STATUS.fullmatch(each) is None for each in values):
        raise refused("status", "a status is a number such as 429, or a class such as 4xx")
    classes = [int(each[0]) for each in values if each.endswith("xx")]
    numbers = [int(each) for each in values if not each.endswith("xx")]
    if values:
        one_of = conditions.bind("Array(UInt16)", numbers)
        of_class = conditions.bind("Array(UInt16)", classes)
        conditions.add(f"(status IN {one_of} OR intDiv(status, 100) IN {of_class})")
