"""The per-user aggregate: adds up, guards, keeps its bounds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.engine.contracts import Position
from app.record.fact import Cost
from app.record.model import Timings, Usage
from tables import aggregate
from tables.aggregate import Aggregate, apply
from tables.tally import COST, ERRORS, REQUESTS, UNPRICED, total
from tests.support.records import record

NOW_S = 1_790_000_000.0
PRICED = Cost(nano_usd=1000, price_version="v")
UNPRICED_COST = Cost(nano_usd=None, price_version="v", unpriced_reason="unknown_model")


def at(offset: int, epoch: str = "e1") -> Position:
    return Position(epoch, "exchanges", 0, offset)


def times(epoch_s: float) -> dict[str, Any]:
    return {"started_at": datetime.fromtimestamp(epoch_s, UTC)}


def counted(
    changes: list[dict[str, Any]], cost: Cost = PRICED, broker_s: float = NOW_S
) -> Aggregate:
    known = None
    for offset, each in enumerate(changes):
        known = apply(known, record(**(times(NOW_S) | each)), cost, at(offset), broker_s)
    assert known is not None
    return known


def test_totals_outcomes_and_models_add_up() -> None:
    known = counted(
        [
            {"model": "a", "usage": Usage(input=10, output=1, cache_read=5)},
            {"model": "a", "usage": Usage(input=20, output=2)},
            {"model": "b", "usage": None, "outcome": "timeout", "status": None},
            {"model": None, "model_requested": "c", "outcome": "client_abort"},
        ]
    )
    assert known.totals[:6] == [4, 1, 0, 4000, 1030, 203]
    assert known.outcomes == {"completed": 2, "timeout": 1, "client_abort": 1}
    assert {name: row[REQUESTS] for name, row in known.models.named.items()} == {
        "a": 2,
        "b": 1,
        "c": 1,
    }
    assert total(known.models.named.values()) == known.totals
    assert [row[1:] for row in known.hours] == [row[1:] for row in known.days] == [known.totals[:6]]


def test_an_unpriced_exchange_adds_no_cost_and_is_counted() -> None:
    known = counted([{}, {}], UNPRICED_COST)
    assert (known.totals[COST], known.totals[UNPRICED]) == (0, 2)


def test_latency_is_of_calls_that_succeeded_and_first_token_of_all_that_had_one() -> None:
    timings = Timings(total=1000, first_token=100)
    known = counted(
        [
            {"timings_ms": timings},
            {"timings_ms": timings, "status": 429},
            {"timings_ms": timings, "outcome": "client_abort"},
            {"timings_ms": Timings(total=1000)},
        ]
    )
    assert sum(known.latency.counts) == 2
    assert sum(known.first_token.counts) == 3


def test_the_guard_covers_what_came_before_in_its_epoch_alone() -> None:
    known = apply(None, record(), PRICED, at(7), NOW_S)
    assert known.covers(at(7))
    assert known.covers(at(3))
    assert not known.covers(at(8))
    assert not known.covers(at(3, "e2"))


def test_a_new_epoch_resets_the_guard_and_never_the_totals() -> None:
    known = apply(None, record(), PRICED, at(7), NOW_S)
    known = apply(known, record(), PRICED, at(0, "e2"), NOW_S)
    assert (known.epoch, known.last_offset, known.totals[REQUESTS]) == ("e2", 0, 2)


def test_apply_leaves_its_argument_alone() -> None:
    known = counted([{"model": "a"}, {"model": "b"}])
    before = repr(known)
    apply(known, record(model="a"), PRICED, at(9), NOW_S)
    apply(known, record(model="z", outcome="timeout"), PRICED, at(9), NOW_S + 1e6)
    assert repr(known) == before


@pytest.mark.parametrize("claimed_s", [0.0, NOW_S - 40 * 86_400])
def test_a_clock_far_behind_evicts_nothing_and_loses_no_total(claimed_s: float) -> None:
    known = counted([{}, {}, times(claimed_s)])
    assert known.totals[REQUESTS] == 3
    assert [row[1] for row in known.hours] == [row[1] for row in known.days] == [2]
    assert known.first_seen_ms == claimed_s * 1000


def test_a_clock_far_ahead_is_counted_five_minutes_ahead_at_most() -> None:
    known = counted([{}, times(NOW_S + 900 * 86_400)])
    assert sum(row[1] for row in known.hours) == 2
    assert known.last_seen_ms == (NOW_S + 300) * 1000


def test_hours_and_days_are_evicted_by_the_broker_s_time() -> None:
    known = counted([{}])
    later_s = NOW_S + 3 * 86_400
    known = apply(known, record(**times(later_s)), PRICED, at(1), later_s)
    assert [row[1] for row in known.hours] == [1]
    assert [row[1] for row in known.days] == [1, 1]
    assert known.totals[REQUESTS] == 2


def test_a_merge_adds_everything_and_has_no_guard() -> None:
    one = counted([{"model": "a"}, times(NOW_S - 7200) | {"outcome": "timeout"}])
    other = counted([{"model": "a"}, {"model": "b", "status": 500}])
    merged = aggregate.merge([one, other])
    assert merged.totals == total([one.totals, other.totals])
    assert (merged.totals[REQUESTS], merged.totals[ERRORS]) == (4, 2)
    assert merged.outcomes == {"completed": 3, "timeout": 1}
    assert sum(merged.latency.counts) == 2
    assert sum(row[1] for row in merged.hours) == 4
    assert merged.first_seen_ms == one.first_seen_ms
    assert not merged.covers(at(0))
    assert aggregate.merge([one])._replace(epoch="e1", last_offset=1) == one
