"""A schedule: the first step that is valid at the time counts."""

from datetime import UTC, datetime

from app.pricing.rates import Rate, Rates
from app.pricing.schedule import Schedule, Step

OLD, NEW = Rates(input=Rate(1)), Rates(input=Rate(2))
TURN = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_the_first_valid_step_counts() -> None:
    schedule = Schedule((Step(NEW, lambda time: time >= TURN), Step(OLD)))
    assert schedule.rates_at(TURN) is NEW
    assert schedule.rates_at(BEFORE) is OLD


def test_a_step_may_say_why_there_are_no_rates() -> None:
    assert Schedule((Step("unknown_provider"), Step(OLD))).rates_at(TURN) == "unknown_provider"


def test_no_valid_step_is_an_unknown_model() -> None:
    assert Schedule((Step(NEW, lambda time: time >= TURN),)).rates_at(BEFORE) == "unknown_model"
    assert Schedule(()).rates_at(TURN) == "unknown_model"


def test_a_change_of_rates_leaves_reasons_and_times() -> None:
    steps = (Step(OLD, lambda time: time >= TURN), Step("unknown_model"))
    changed = Schedule(steps).changed(lambda _: NEW)
    assert changed.rates_at(TURN) is NEW
    assert changed.rates_at(BEFORE) == "unknown_model"
