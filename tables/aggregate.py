"""The per-user aggregate: one bounded value under `tenant|user`, with its own replay guard.

    tally.py            the columns that are added up
    histogram.py        durations         by_model.py   totals by model
    buckets.py          hours and days    aggregate_codec.py / aggregate_json.py   bytes / answer

The guard is the epoch and the offset of the last source message counted here. Every message of a
user lies in one partition and is handled in order, so a value whose guard is (e, n) holds exactly
the distinct records of that user up to offset n of epoch e, whichever of its versions survives a
crash. A new epoch resets the guard, never the totals.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.engine.contracts import Position
from app.record.fact import Cost
from app.record.model import Record
from tables import buckets, by_model, histogram
from tables.by_model import ByModel
from tables.histogram import Histogram
from tables.tally import BUCKET_WIDTH, ERRORS, Row, plus, tally, total, zero


class Aggregate(NamedTuple):
    """All that is known of one user. Immutable by convention; `apply` answers a new one.

    `latency` holds the totals of calls that succeeded, `first_token` of all that came to a token.
    """

    totals: Row
    outcomes: dict[str, int]
    latency: Histogram
    first_token: Histogram
    models: ByModel
    hours: list[Row]
    days: list[Row]
    first_seen_ms: int
    last_seen_ms: int
    epoch: str
    last_offset: int

    def covers(self, position: Position) -> bool:
        """Whether the message at `position` is counted already, or was passed over."""
        return self.epoch == position.epoch and position.offset <= self.last_offset


NEW = Aggregate(
    totals=zero(),
    outcomes={},
    latency=histogram.EMPTY,
    first_token=histogram.EMPTY,
    models=by_model.empty(),
    hours=[],
    days=[],
    first_seen_ms=0,
    last_seen_ms=0,
    epoch="",
    last_offset=-1,
)


def apply(
    aggregate: Aggregate | None, record: Record, cost: Cost, position: Position, broker_s: float
) -> Aggregate:
    """The aggregate with one exchange more, guarded by its position; None is a new user's.

    `broker_s` is the broker's time of the message: it bounds and evicts the time buckets.
    """
    known = aggregate or NEW
    delta = tally(record, cost)
    at_s = min(max(record.started_at.timestamp(), 0.0), broker_s + buckets.MAX_AHEAD_S)
    seen_ms, timings, outcome = int(at_s * 1000), record.timings_ms, record.outcome
    succeeded, first_token_ms = outcome == "completed" and not delta[ERRORS], timings.first_token
    name = by_model.bounded_name(record.model or record.model_requested)
    bucket_delta = delta[:BUCKET_WIDTH]
    return Aggregate(
        totals=plus(known.totals, delta),
        outcomes={**known.outcomes, outcome: known.outcomes.get(outcome, 0) + 1},
        latency=known.latency.add(timings.total) if succeeded else known.latency,
        first_token=known.first_token
        if first_token_ms is None
        else known.first_token.add(first_token_ms),
        models=by_model.count_in(known.models, name, delta),
        hours=buckets.count_in(known.hours, buckets.HOURLY, at_s, broker_s, bucket_delta),
        days=buckets.count_in(known.days, buckets.DAILY, at_s, broker_s, bucket_delta),
        first_seen_ms=seen_ms if aggregate is None else min(known.first_seen_ms, seen_ms),
        last_seen_ms=max(known.last_seen_ms, seen_ms),
        epoch=position.epoch,
        last_offset=position.offset,
    )


def merge(parts: Sequence[Aggregate]) -> Aggregate:
    """One aggregate of several (at least one), for reading: it has no guard."""
    outcomes: dict[str, int] = {}
    for part in parts:
        for outcome, count in part.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
    return Aggregate(
        totals=total(part.totals for part in parts),
        outcomes=outcomes,
        latency=histogram.merge(part.latency for part in parts),
        first_token=histogram.merge(part.first_token for part in parts),
        models=by_model.merge([part.models for part in parts]),
        hours=buckets.merge(part.hours for part in parts),
        days=buckets.merge(part.days for part in parts),
        first_seen_ms=min(part.first_seen_ms for part in parts),
        last_seen_ms=max(part.last_seen_ms for part in parts),
        epoch="",
        last_offset=-1,
    )
