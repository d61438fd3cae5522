"""Building a record where failing is no option: what the model refuses is clipped or left out.

Producers call `build_record(**fields)` with the field names of `Record`; `usage` and `timings_ms`
may be mappings. A sound record costs one validation. Otherwise, and without a mark on the record:

    text too long, or with control characters     cut; control characters become spaces
    properties over a bound                       the first that fit are kept, the last one cut
    a user that is empty or over 256 bytes        left out, which means anonymous
    any other optional field that is wrong        left out, which means absent
    a required number out of bounds               the nearest bound

What remains is a mistake of the caller (a required field forgotten, a malformed tenant or request
id, a naive time) and raises RecordError `invalid`, to be counted as a drop.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.record.codec import invalid
from app.record.fields import CONTROL, MAX_PROPERTIES, MAX_PROPERTIES_BYTES
from app.record.model import Record, Timings, Usage, WireModel

MAX_ROUNDS = 4
_NESTED: dict[str, type[WireModel]] = {"usage": Usage, "timings_ms": Timings}


def build_record(**fields: Any) -> Record:
    """A valid record of these fields, clipped where needed. Raises: RecordError (`invalid`)."""
    for _ in range(MAX_ROUNDS):
        try:
            return Record.model_validate(fields)
        except ValidationError as exc:
            error = exc
        for each in error.errors(include_url=False):
            _repair(fields, each["loc"], each["type"], each.get("ctx", {}))
    raise invalid(error) from error


def clip_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """As many of the properties as fit, in their order; the last value that does not fit is cut."""
    kept: dict[str, str] = {}
    room_bytes = MAX_PROPERTIES_BYTES
    for name, value in list(properties.items())[:MAX_PROPERTIES]:
        name_bytes = _printable(str(name)).encode()
        room_bytes -= len(name_bytes)
        if room_bytes < 0:
            break
        value_bytes = _printable(str(value)).encode()[:room_bytes]
        room_bytes -= len(value_bytes)
        kept[name_bytes.decode()] = value_bytes.decode("utf-8", "ignore")
    return kept


def _repair(
    fields: dict[str, Any], loc: tuple[int | str, ...], kind: str, bounds: Mapping[str, Any]
) -> None:
    """Mend the one field at `loc`, or leave it as it is for the next validation to report."""
    name = str(loc[0])
    value = fields.get(name)
    if name in _NESTED and len(loc) > 1 and isinstance(value, Mapping):
        fields[name] = dict(value)
        _repair_field(_NESTED[name], fields[name], str(loc[1]), kind, bounds)
    elif name == "properties" and isinstance(value, Mapping):
        fields[name] = clip_properties(value)
    elif name == "user":
        fields.pop(name, None)
    elif name not in ("tenant", "request_id"):
        _repair_field(Record, fields, name, kind, bounds)


def _repair_field(
    model: type[WireModel],
    fields: dict[str, Any],
    name: str,
    kind: str,
    bounds: Mapping[str, Any],
) -> None:
    value = fields.get(name)
    if isinstance(value, str) and kind.startswith("string_"):
        fields[name] = _printable(value)[: bounds.get("max_length")]
    elif not model.model_fields[name].is_required():
        fields.pop(name, None)
    elif isinstance(value, int | float):
        fields[name] = bounds.get("le", 0)


def _printable(text: str) -> str:
    return CONTROL.sub(" ", text.encode("utf-8", "replace").decode())
