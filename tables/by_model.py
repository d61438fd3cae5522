"""Totals by model: at most `KEPT` named rows; what is evicted is folded into `other`, never lost.

Of more models than fit, the one with the fewest requests makes room for a new one, among equals
the one that came first. A few more are kept than are shown, so that models seen once or twice
push each other out and not one of those shown.
"""

import zlib
from typing import NamedTuple

from tables.tally import REQUESTS, Row, plus, total, zero

SHOWN = 20
KEPT = 22
OTHER = "other"
UNKNOWN = "unknown"
MAX_NAME_BYTES = 80
_DIGEST_BYTES = 9


class ByModel(NamedTuple):
    """Rows by model name, and one for all that have none of their own."""

    named: dict[str, Row]
    other: Row


def empty() -> ByModel:
    """No model yet."""
    return ByModel({}, zero())


def count_in(models: ByModel, name: str, delta: Row) -> ByModel:
    """These totals with `delta` added to the model of that name."""
    if name == OTHER:
        return ByModel(models.named, plus(models.other, delta))
    named = models.named.copy()
    row = named.get(name)
    other = models.other
    if row is None and len(named) >= KEPT:
        evicted = min(named, key=lambda each: named[each][REQUESTS])
        other = plus(other, named.pop(evicted))
    named[name] = delta if row is None else plus(row, delta)
    return ByModel(named, other)


def merge(many: list[ByModel]) -> ByModel:
    """The totals of all, every name kept: for reading."""
    named: dict[str, Row] = {}
    for models in many:
        for name, row in models.named.items():
            named[name] = plus(named[name], row) if name in named else row
    return ByModel(named, total(models.other for models in many))


def shown(models: ByModel) -> dict[str, Row]:
    """The rows to show, most requests first, and `other` if anything is in it."""
    ranked = sorted(models.named, key=lambda name: (-models.named[name][REQUESTS], name))
    rows = {name: models.named[name] for name in ranked[:SHOWN]}
    other = total([models.other, *(models.named[name] for name in ranked[SHOWN:])])
    if other[REQUESTS]:
        rows[OTHER] = other
    return rows


def bounded_name(model: str | None) -> str:
    """The name to count under: at most `MAX_NAME_BYTES`; long names that differ stay apart."""
    if not model:
        return UNKNOWN
    if len(model) * 4 <= MAX_NAME_BYTES or len(raw := model.encode()) <= MAX_NAME_BYTES:
        return model
    head = raw[: MAX_NAME_BYTES - _DIGEST_BYTES].decode("utf-8", "ignore")
    return f"{head}~{zlib.crc32(raw):08x}"
