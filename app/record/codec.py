"""Bytes to models and back: all that travels as JSON; bodies are in `body_codec`.

JSON in UTF-8; times are RFC 3339 in UTC (`…Z`). Absent and null are the same for an optional field;
records and places leave null fields out, the others write them. Every decoder raises
`RecordError` alone, whose reason is a `DeadLetterReason` and whose detail names the field, never
its value:

    undecodable       no value, or not JSON
    unknown_version   a `schema_version` this build does not know
    invalid           a field is missing or wrong
    too_large         longer than the limit below, not looked into

Rolling upgrade: fields unknown to this build are ignored; consumers are upgraded before producers.
"""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from app.errors import RecordError
from app.record.archived import ArchivedBodies
from app.record.dead_letter import MAX_DETAIL_CHARS, DeadLetter
from app.record.delivery import Delivery
from app.record.fact import Fact
from app.record.model import Record, WireModel

MAX_RECORD_BYTES = 1 << 20
MAX_FACT_BYTES = 2 * MAX_RECORD_BYTES
MAX_ARCHIVED_BYTES = 64 << 10
MAX_DEAD_LETTER_BYTES = 16 << 20

M = TypeVar("M", bound=WireModel)


def encode_record(record: Record) -> bytes:
    """The record as JSON, at most 64 KiB. Raises: RecordError (`invalid`, `too_large`)."""
    return _encode(record, MAX_RECORD_BYTES, leave_out_null=True)


def decode_record(value: bytes | None) -> Record:
    """The record in a message's value. Raises: RecordError."""
    return decode_model(Record, value, MAX_RECORD_BYTES)


def encode_fact(fact: Fact) -> bytes:
    """The fact as JSON. Raises: RecordError (`invalid`, `too_large`)."""
    return _encode(fact, MAX_FACT_BYTES)


def decode_fact(value: bytes | None) -> Fact:
    """The fact in a message's value. Raises: RecordError."""
    return decode_model(Fact, value, MAX_FACT_BYTES)


def encode_archived(archived: ArchivedBodies) -> bytes:
    """The place as JSON. Raises: RecordError (`invalid`, `too_large`)."""
    return _encode(archived, MAX_ARCHIVED_BYTES, leave_out_null=True)


def decode_archived(value: bytes | None) -> ArchivedBodies:
    """The place in a message's value. Raises: RecordError."""
    return decode_model(ArchivedBodies, value, MAX_ARCHIVED_BYTES)


def encode_delivery(delivery: Delivery) -> bytes:
    """The delivery as JSON. Raises: RecordError (`invalid`, `too_large`)."""
    return _encode(delivery, MAX_FACT_BYTES)


def decode_delivery(value: bytes | None) -> Delivery:
    """The delivery in a message's value. Raises: RecordError."""
    return decode_model(Delivery, value, MAX_FACT_BYTES)


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """The dead letter as JSON. Raises: RecordError (`invalid`, `too_large`)."""
    return _encode(letter, MAX_DEAD_LETTER_BYTES)


def decode_dead_letter(value: bytes | None) -> DeadLetter:
    """The dead letter in a message's value. Raises: RecordError."""
    return decode_model(DeadLetter, value, MAX_DEAD_LETTER_BYTES)


def _encode(model: WireModel, limit_bytes: int, *, leave_out_null: bool = False) -> bytes:
    try:
        value = model.__pydantic_serializer__.to_json(model, exclude_none=leave_out_null)
    except PydanticSerializationError as exc:
        raise RecordError("invalid", f"{type(model).__name__} cannot be written: {exc}") from exc
    if len(value) > limit_bytes:
        raise RecordError("too_large", f"{len(value)} bytes, at most {limit_bytes} are written")
    return value


def decode_model(model: type[M], value: bytes | None, limit_bytes: int) -> M:
    """A model of JSON of at most `limit_bytes`. Raises: RecordError."""
    if value is None:
        raise RecordError("undecodable", "the message has no value")
    if len(value) > limit_bytes:
        raise RecordError("too_large", f"{len(value)} bytes, at most {limit_bytes} are read")
    try:
        return model.__pydantic_validator__.validate_json(value, strict=True)  # type: ignore[no-any-return]
    except ValidationError as exc:
        raise invalid(exc) from exc


def invalid(error: ValidationError) -> RecordError:
    """A validation error as ours: its gravest reason, the fields named, no value repeated."""
    found = error.errors(include_url=False, include_context=False)
    details = []
    for each in found:
        field = ".".join(str(part) for part in each["loc"])
        if each["type"] == "json_invalid":
            return RecordError("undecodable", each["msg"])
        if field.endswith("schema_version") and type(each["input"]) is int:
            return RecordError("unknown_version", f"{field}: {each['input']}")
        details.append(f"{field or 'value'}: {each['msg']}")
    return RecordError("invalid", "; ".join(details)[:MAX_DETAIL_CHARS])
