"""The fact: the priced, deduplicated row of one exchange, keyed by request id.

A fact may be emitted again after a crash; sinks replace by (`tenant`, `request_id`).
"""

from typing import Literal

from app.record.fields import UtcTime
from app.record.model import Record, WireModel

UnpricedReason = Literal["no_usage", "unknown_model", "unknown_provider", "not_completed"]


class Cost(WireModel):
    """What an exchange cost: integer nano-USD, or null with the reason. Unknown is never 0."""

    nano_usd: int | None
    price_version: str
    unpriced_reason: UnpricedReason | None = None


class Fact(WireModel):
    """A record with its cost and where the meter read it."""

    schema_version: Literal[1] = 1
    record: Record
    cost: Cost
    epoch: str
    partition: int
    offset: int
    metered_at: UtcTime
