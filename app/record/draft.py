"""A record about to be written: its fields, known to be what the model demands, as one mapping.

Whoever makes a record of an exchange knows most of its fields to be sound. To validate a model and
to serialise it costs six times as much as to look whether they are and to write them down:

    draft_of(fields)   looks; what is not sound is built by `build_record`, which clips
    Draft.encode()     the same JSON that the model would give, but for the order of its fields
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from re import fullmatch
from typing import Any, Final, get_args

import orjson

from app.errors import RecordError
from app.record.build import build_record
from app.record.codec import MAX_RECORD_BYTES, decode_record
from app.record.fields import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    MAX_COUNT,
    MAX_MILLIS,
    MAX_PROPERTIES,
    MAX_PROPERTIES_BYTES,
    MAX_TOKENS,
    MAX_USER_BYTES,
    REQUEST_ID_PATTERN,
    TENANT_PATTERN,
)
from app.record.model import BodyState, Outcome, Record

WORD_CHARS, NAME_CHARS, LINE_CHARS, PATH_CHARS = 64, 256, 512, 1024
TEXTS: Final = {
    **dict.fromkeys(
        ("key_id", "provider", "dialect", "method", "finish_reason", "service_tier"), WORD_CHARS
    ),
    **dict.fromkeys(
        (
            "client_request_id",
            "session_id",
            "session_name",
            "traceparent",
            "producer_id",
            "model_requested",
            "model",
            "provider_request_id",
        ),
        NAME_CHARS,
    ),
    **dict.fromkeys(("session_path", "upstream_url", "error", "body_ref"), LINE_CHARS),
    "path": PATH_CHARS,
}
"""How long each text may be, as the model has it."""
LASTING_TEXTS: Final = ("provider", "dialect", "method", "path", "upstream_url", "producer_id")
CHANGING_TEXTS: Final = tuple(each for each in TEXTS.items() if each[0] not in LASTING_TEXTS)
COUNTS: Final = ("request_bytes", "response_bytes", "client_retry_count", "reported_cost_nano_usd")
OUTCOMES: Final = frozenset(get_args(Outcome))
STATES: Final = frozenset(get_args(BodyState))
UTF8_BYTES: Final = 4
_OPTIONS: Final = orjson.OPT_UTC_Z
_REQUEST_ID: Final = re.compile(REQUEST_ID_PATTERN)


@dataclass(slots=True, init=False)
class Draft:
    """A sound record. `fields` leaves out what is absent; times are in UTC."""

    fields: dict[str, Any]

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields

    def encode(self) -> bytes:
        """The record as JSON. Raises: RecordError (`invalid`, `too_large`)."""
        try:
            value = orjson.dumps(self.fields, option=_OPTIONS)
        except orjson.JSONEncodeError as exc:
            raise RecordError("invalid", f"a record cannot be written: {exc}") from exc
        if len(value) > MAX_RECORD_BYTES:
            raise RecordError("too_large", f"{len(value)} bytes, {MAX_RECORD_BYTES} are written")
        return value

    def record(self) -> Record:
        """The model of it. Raises: RecordError."""
        return decode_record(self.encode())

    def changed(self, **changes: Any) -> "Draft":
        """Another one, with sound changes; None takes a field out."""
        fields = self.fields | changes
        return Draft({name: value for name, value in fields.items() if value is not None})


def draft_of(fields: dict[str, Any]) -> Draft:
    """A draft of these fields of a record, absent ones left out, clipped where needed.

    `timings_ms` and `usage` are mappings. Raises: RecordError (`invalid`).
    """
    return Draft(fields) if is_sound(fields) else drafted(build_record(**fields))


def drafted(record: Record) -> Draft:
    """The draft of a record."""
    return Draft(record.model_dump(exclude_none=True))


def is_sound(fields: dict[str, Any]) -> bool:
    """Whether the model would take all of it as it is; False where that takes a closer look."""
    try:
        for name, most in CHANGING_TEXTS:
            text = fields.get(name)
            if text is not None and (len(text) > most or not text.isprintable()):
                return False
        return (
            _are_texts(*[fields[name] for name in LASTING_TEXTS])
            and _is_tenant(fields["tenant"])
            and _REQUEST_ID.fullmatch(fields["request_id"]) is not None
            and _is_user(fields["user"])
            and _is_time(fields["produced_at"])
            and _is_time(fields["started_at"])
            and fields["outcome"] in OUTCOMES
            and fields["request_body"] in STATES
            and fields["response_body"] in STATES
            and isinstance(fields["stream"], bool)
            and _is_count(fields["sequence"])
            and _is_count(fields.get("status", 200), 100, 999)
            and _are_counts(fields)
            and _are_timings(fields["timings_ms"])
            and ("usage" not in fields or _is_usage(fields["usage"]))
            and (not fields["properties"] or _are_properties(fields["properties"]))
            and 0 <= fields.get("output_tokens_per_s", 0.0) <= MAX_COUNT
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # A field is missing or of another kind: the model says which.
        return False


@lru_cache(1024)
def _are_texts(*texts: str) -> bool:
    """Whether texts that come again and again are sound; in the order of `LASTING_TEXTS`."""
    bounds = map(TEXTS.__getitem__, LASTING_TEXTS)
    return all(len(t) <= most and t.isprintable() for t, most in zip(texts, bounds, strict=True))


@lru_cache(1024)
def _is_tenant(tenant: str) -> bool:
    return fullmatch(TENANT_PATTERN, tenant) is not None


def _is_user(user: str) -> bool:
    return 0 < len(user) * UTF8_BYTES <= MAX_USER_BYTES and user.isprintable()


def _is_time(time: datetime) -> bool:
    return time.tzinfo is UTC and EARLIEST_YEAR <= time.year <= LATEST_YEAR


def _are_counts(fields: dict[str, Any]) -> bool:
    return all(_is_count(fields.get(name, 0)) for name in COUNTS)


def _is_count(value: Any, least: int = 0, most: int = MAX_COUNT) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _are_timings(timings: dict[str, Any]) -> bool:
    for value in timings.values():
        if isinstance(value, bool) or not 0 <= value <= MAX_MILLIS:
            return False
    return "total" in timings


def _is_usage(usage: dict[str, Any]) -> bool:
    for name, value in usage.items():
        if name == "estimated":
            if not isinstance(value, bool):
                return False
        elif not _is_count(value, 0, MAX_TOKENS):
            return False
    return True


def _are_properties(properties: dict[str, str]) -> bool:
    text = "".join(properties) + "".join(properties.values())
    fits = len(text) * UTF8_BYTES <= MAX_PROPERTIES_BYTES and len(properties) <= MAX_PROPERTIES
    return fits and text.isprintable()
