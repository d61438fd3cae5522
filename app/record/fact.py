"""The fact: the priced, deduplicated row of one exchange, keyed by request id.

A fact may be emitted again after a crash; sinks replace by (`tenant`, `request_id`).
"""

from typing import Literal

from app.record.fields import UtcTime
from app.record.model import Record, WireModel

UnpricedReason = Literal[
    "no_usage",
    "unknown_model",
    "unknown_provider",
    "not_completed",
    "ambiguous_usage",
    "uncounted_kind",
    "unknown_service_tier",
]


class Cost(WireModel):
    """What an exchange cost: integer nano-USD, or null with the reason. Unknown is never 0.

    no_usage          the upstream reported no token counts, or not all that the price needs
    unknown_model     no price is known for the model
    unknown_provider  nobody said who bills the upstream
    not_completed     the exchange ended before token counts came
    ambiguous_usage   the counts contradict each other, or do not tell cached audio from cached text
    uncounted_kind    the model is priced by something the record does not count (letters, pages),
                      or something used beside tokens (web searches) has no price
    unknown_service_tier  no price is known for the tier that the provider says it served

    `prices` are those it was made of, as decimals in text: USD per million tokens of each kind that
    has its own, and per piece: `request`, `web_search`, `searching_request`, `image`, `audio_hour`.
    Absent: the cost is unknown, or an older build priced it. A cost that the provider itself told
    is the record's `reported_cost_nano_usd`.
    """

    nano_usd: int | None
    price_version: str
    unpriced_reason: UnpricedReason | None = None
    prices: dict[str, str] | None = None


class Fact(WireModel):
    """A record with its cost and where the meter read it."""

    schema_version: Literal[1] = 1
    record: Record
    cost: Cost
    epoch: str
    partition: int
    offset: int
    metered_at: UtcTime
