"""A fact as a row of the table `exchanges` (`config/sql/0001_exchanges.sql`); pure.

The engine wraps numbers around that do not fit instead of refusing them, so what the record's own
bounds leave open is checked here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.errors import RecordError
from app.ids import minted_at_ms
from app.record.codec import decode_fact
from app.record.fact import Fact
from app.record.failure import is_error
from app.record.model import Record, Timings, Usage

TABLE: Final = "exchanges"
IDENTITY = ("tenant", "request_id", "id_at", "version")
OF_RECORD = (
    *("client_request_id", "key_id", "user", "session_id", "session_name", "session_path"),
    *("properties", "traceparent", "producer_id", "sequence", "produced_at", "attempt"),
    *("provider", "dialect", "upstream_url", "path", "method", "model_requested", "stream"),
    *("request_bytes", "started_at", "client_retry_count", "status", "outcome", "error", "model"),
    *("finish_reason", "response_bytes", "provider_request_id", "request_body", "response_body"),
    *("service_tier", "reported_cost_nano_usd", "output_tokens_per_s"),
)
OF_TIMINGS = tuple(Timings.model_fields)
MAIN_KINDS = ("input", "output", "cache_read", "cache_write", "reasoning")
OF_COST = ("cost_nano_usd", "price_version", "unpriced_reason", "prices")
OF_METER = ("epoch", "partition", "offset", "metered_at")
COLUMNS: Final = (
    *IDENTITY,
    *OF_RECORD,
    *(f"{name}_ms" for name in OF_TIMINGS),
    *("usage", "usage_estimated", *(f"{kind}_tokens" for kind in MAIN_KINDS)),
    *OF_COST,
    *("body_ref", "is_error"),
    *OF_METER,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_USAGE: Final = Usage()
LOGICAL_REF = "bodies/"
MAX_INT64 = (1 << 63) - 1
MAX_PARTITION = (1 << 32) - 1


def row_in(value: bytes | None) -> list[Any]:
    """The row of the fact in a message's value. Raises: RecordError."""
    return row_of(decode_fact(value))


def row_of(fact: Fact) -> list[Any]:
    """Its values in the order of `COLUMNS`. Raises: RecordError (`invalid`) if one does not fit."""
    _check(fact)
    record, cost = fact.record, fact.cost
    members, timings = record.__dict__, record.timings_ms.__dict__
    return [
        record.tenant,
        record.request_id,
        id_at(record.request_id),
        int(fact.metered_at.timestamp() * 1000),
        *[members[name] for name in OF_RECORD],
        *[timings[name] for name in OF_TIMINGS],
        *_usage(record.usage),
        cost.nano_usd,
        cost.price_version,
        cost.unpriced_reason,
        cost.prices or {},
        _stored_ref(record),
        is_error(record),
        fact.epoch,
        fact.partition,
        fact.offset,
        fact.metered_at,
    ]


def id_at(request_id: str) -> datetime:
    """The time inside of the id, 1970-01-01 for an id without one: part of the sorting key."""
    return EPOCH + timedelta(milliseconds=minted_at_ms(request_id))


def tokens_of(usage: Usage) -> dict[str, int]:
    """The counts that were reported, by kind, whatever kinds there are."""
    return {kind: count for kind, count in usage.__dict__.items() if type(count) is int}


def full_ref(stored: str | None, request_id: str) -> str | None:
    """A body reference as the record has it; the usual one is stored without the id."""
    return LOGICAL_REF + request_id if stored == LOGICAL_REF else stored


def _stored_ref(record: Record) -> str | None:
    ref = record.body_ref
    return LOGICAL_REF if ref == LOGICAL_REF + record.request_id else ref


def _usage(usage: Usage | None) -> list[Any]:
    counts = tokens_of(usage or NO_USAGE)
    estimated = None if usage is None else usage.estimated
    return [counts, estimated, *[counts.get(kind) for kind in MAIN_KINDS]]


def _check(fact: Fact) -> None:
    cost = fact.cost.nano_usd
    if cost is not None and abs(cost) > MAX_INT64:
        raise RecordError("invalid", "cost.nano_usd: does not fit into 64 bits")
    if not 0 <= fact.partition <= MAX_PARTITION:
        raise RecordError("invalid", "partition: not within 32 bits")
    if not 0 <= fact.offset <= MAX_INT64:
        raise RecordError("invalid", "offset: not within 64 bits")
