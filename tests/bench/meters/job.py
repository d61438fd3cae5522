"""One record as every candidate handles it, with the meter's own pure step."""

import time
from typing import NamedTuple

from agents.meter import Arrival, Known, encode, step
from app.engine.contracts import Position
from app.pricing import Pricer
from app.record.codec import decode_record
from app.record.model import Record
from tables import aggregate_codec, seen

SEEN_TTL_S = 10 * 365 * 86_400.0
PRICER = Pricer.load()
decode = decode_record


class Result(NamedTuple):
    """What is to be put and emitted."""

    aggregate: bytes
    seen: bytes
    fact_key: bytes
    fact: bytes


def seen_key_of(record: Record) -> bytes:
    """The key of the idempotency table."""
    return b"%s|%s" % (record.tenant.encode(), record.request_id.encode())


def handled(
    record: Record, position: Position, seen_value: bytes | None, user_value: bytes | None
) -> Result | None:
    """The effects of a record; None for a duplicate."""
    price = PRICER.price
    known = Known(
        None if seen_value is None else seen.decode(seen_value),
        None if user_value is None else aggregate_codec.decode(user_value),
    )
    now_s = time.time()
    effects = step(Arrival(record, position, now_s, now_s), known, price, SEEN_TTL_S)
    if effects is None:
        return None
    values = encode(effects)
    return Result(values.aggregate, values.seen, record.request_id.encode(), values.fact)
