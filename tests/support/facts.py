"""Facts as the meter emits them, without a meter."""

from typing import Any

from app.engine.contracts import Message, Position
from app.record.codec import encode_fact
from app.record.fact import Cost, Fact
from app.record.model import Record
from tests.support.records import STARTED_AT, record

PRICED = Cost(nano_usd=270_000, price_version="v1", prices={"input": "0.15", "output": "0.6"})
UNPRICED = Cost(nano_usd=None, price_version="v1", unpriced_reason="unknown_model")


def fact_of(of: Record, cost: Cost = PRICED, **changes: Any) -> Fact:
    """The fact of a record."""
    fields: dict[str, Any] = {"epoch": "e1", "partition": 3, "offset": 77, "metered_at": STARTED_AT}
    return Fact(record=of, cost=cost, **(fields | changes))


def fact(cost: Cost = PRICED, **changes: Any) -> Fact:
    """The fact of a typical record, changed as given."""
    return fact_of(record(**changes), cost)


def fact_message(of: Fact, offset: int = 0) -> Message:
    """The message that carries it."""
    position = Position("e1", "tailrace.facts", 0, offset)
    return Message(of.record.request_id.encode(), encode_fact(of), position, 0.0)
