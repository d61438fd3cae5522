"""Building a record where failing is no option: what a model would refuse is clipped or left out.

Producers call `build_record(**fields)` with the field names of `Record`; `usage` and `timings_ms`
may be mappings. A sound record costs one validation. Otherwise, and without a mark on the record:

    text too long, or with control characters     cut; control characters become spaces
    a number out of bounds                        left out, or the nearest bound if required
    properties over a bound                       the first that fit are kept, cut values included
    a user that is empty or over 256 bytes        left out, which means anonymous

What remains is a mistake of the caller (a field forgotten, a malformed tenant or request id, a
naive time) and raises RecordError `invalid`, to be counted as a drop.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.record.codec import invalid
from app.record.fields import CONTROL, MAX_PROPERTIES, MAX_PROPERTIES_BYTES
from app.record.model import Record, Timings, Usage, WireModel

MAX_ROUNDS = 4
_NEVER_REPAIRED = frozenset({"tenant", "request_id", "user"})
_LEFT_OUT = frozenset(
    {"greater_than_equal", "less_than_equal", "finite_number", "int_parsing_size", "int_from_float"}
)


def build_record(**fields: Any) -> Record:
    """A valid record of these fields, clipped where needed. Raises: RecordError (`invalid`)."""
    try:
        return Record.model_validate(fields)
    except ValidationError as exc:
        error = exc
    for _ in range(MAX_ROUNDS):
        for each in error.errors(include_url=False):
            _repair(fields, each["loc"], each["type"], each.get("ctx", {}))
        try:
            return Record.model_validate(fields)
        except ValidationError as exc:
            error = exc
    raise invalid(error) from error


def _repair(
    fields: dict[str, Any], loc: tuple[int | str, ...], kind: str, bound: Mapping[str, Any]
) -> None:
    """Mend the one field at `loc`, or leave it as it is for the next validation to report."""
    name = str(loc[0])
    if name == "properties":
        fields[name] = _clipped(fields[name])
    elif len(loc) == 2 and isinstance(fields[name], Mapping | WireModel):
        inner = dict(fields[name])
        _repair_scalar(inner, str(loc[1]), kind, bound)
        fields[name] = inner
    elif name == "user" and isinstance(fields.get(name), str):
        del fields[name]
    elif name not in _NEVER_REPAIRED and name in fields:
        _repair_scalar(fields, name, kind, bound)


def _repair_scalar(fields: dict[str, Any], name: str, kind: str, bound: Mapping[str, Any]) -> None:
    value = fields.get(name)
    if isinstance(value, str):
        fields[name] = _printable(value)[: bound.get("max_length", len(value))]
    elif kind in _LEFT_OUT and isinstance(value, int | float):
        del fields[name]
        if name in _REQUIRED_NUMBERS:
            fields[name] = bound.get("le", 0)


_REQUIRED_NUMBERS = frozenset({"sequence", "total"})


def _printable(text: str) -> str:
    return CONTROL.sub(" ", text.encode("utf-8", "replace").decode())


def _clipped(properties: object) -> dict[str, str]:
    """As many of the properties as fit, in their order; the last one that does not fit is cut."""
    kept: dict[str, str] = {}
    if not isinstance(properties, Mapping):
        return kept
    room_bytes = MAX_PROPERTIES_BYTES
    for name, value in list(properties.items())[:MAX_PROPERTIES]:
        name_bytes = _printable(str(name)).encode()
        value_bytes = _printable(str(value)).encode()[: max(0, room_bytes - len(name_bytes))]
        if len(name_bytes) > room_bytes:
            break
        kept[name_bytes.decode()] = value_bytes.decode("utf-8", "ignore")
        room_bytes -= len(name_bytes) + len(value_bytes)
    return kept


def build_usage(**counts: Any) -> Usage:
    """Token counts, those that are no sensible number left out; never raises."""
    fields = {name: count for name, count in counts.items() if name in Usage.model_fields}
    try:
        return Usage.model_validate(fields)
    except ValidationError as exc:
        for each in exc.errors(include_url=False):
            fields.pop(str(each["loc"][0]), None)
        return Usage.model_validate(fields)


__all__ = ["Timings", "build_record", "build_usage"]
