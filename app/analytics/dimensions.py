"""What statistics are grouped by: `time`, columns, and `property:<key>`, several by commas."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.conditions import Conditions
from app.analytics.filters import MODEL
from app.analytics.parameters import Pairs, one, refused

COLUMNS = {
    "model": MODEL,
    "user": "user",
    "provider": "provider",
    "dialect": "dialect",
    "status": "status",
    "outcome": "outcome",
    "session_id": "session_id",
    "key_id": "key_id",
}
TIME = "time"
PROPERTY = "property:"
MAX_DIMENSIONS = 4
MAX_KEY_CHARS = 256


@dataclass(frozen=True, slots=True)
class Dimension:
    """One member of a group's key, and its expression."""

    name: str
    expression: str


def dimensions_of(pairs: Pairs) -> list[str]:
    """The names in `group_by`; none where it is not given: one group. Raises: QueryRefused."""
    text = one(pairs, "group_by")
    names = text.split(",") if text else []
    if len(names) > MAX_DIMENSIONS or len(set(names)) != len(names):
        raise refused("group_by", f"up to {MAX_DIMENSIONS} different dimensions")
    for name in names:
        if name != TIME and name not in COLUMNS and not _is_property(name):
            known = ", ".join((TIME, *COLUMNS, f"{PROPERTY}<key>"))
            raise refused("group_by", f"by commas, of {known}")
    return names


def expressions(names: Sequence[str], conditions: Conditions, interval_s: int) -> list[Dimension]:
    """Each with its expression; the width of an interval and a property's key are bound."""
    return [Dimension(name, _expression(name, conditions, interval_s)) for name in names]


def _expression(name: str, conditions: Conditions, interval_s: int) -> str:
    if name == TIME:
        width = conditions.bind("Int64", interval_s * 1000)
        number = f"intDiv(toUnixTimestamp64Milli(started_at), {width})"
        return f"fromUnixTimestamp64Milli({number} * {width}, 'UTC')"
    if name in COLUMNS:
        return COLUMNS[name]
    key = conditions.bind("String", name.removeprefix(PROPERTY))
    return f"if(mapContains(properties, {key}), properties[{key}], NULL)"


def _is_property(name: str) -> bool:
    key = name.removeprefix(PROPERTY)
    return name != key and key.isprintable() and 1 <= len(key) <= MAX_KEY_CHARS
