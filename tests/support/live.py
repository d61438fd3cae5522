"""Facts as the meter hands them to the live tail."""

from typing import Any

from app.live.item import LiveItem
from app.record.fact import Fact
from tests.support.metering import numbered, price


def fact(number: int, **changes: Any) -> Fact:
    """Fact `number`, of the record of that number."""
    record = numbered(number, **changes)
    return Fact(
        record=record,
        cost=price(record),
        epoch="e1",
        partition=0,
        offset=number,
        metered_at=record.started_at,
    )


def item(number: int, **changes: Any) -> LiveItem:
    """The same as a tail sees it."""
    return LiveItem(fact(number, **changes))
