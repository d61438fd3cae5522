"""Clocks: the machine's moves by itself, the manual one only when told."""

import time
from datetime import UTC, datetime

import pytest

from app.clock import Clock, ManualClock, SystemClock, utc


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()], ids=["system", "manual"])
def test_every_clock_tells_wall_and_monotonic_seconds(clock: Clock) -> None:
    assert clock.now_s() > 1_600_000_000
    first = clock.monotonic_s()
    assert clock.monotonic_s() >= first


def test_the_system_clock_is_the_machines() -> None:
    before = (time.time(), time.monotonic())
    clock = SystemClock()
    found = (clock.now_s(), clock.monotonic_s())
    after = (time.time(), time.monotonic())
    assert before[0] <= found[0] <= after[0]
    assert before[1] <= found[1] <= after[1]


def test_advancing_moves_both_times() -> None:
    clock = ManualClock(now_s=100.0)
    clock.advance(2.5)
    assert (clock.now_s(), clock.monotonic_s()) == (102.5, 2.5)


def test_a_jump_moves_the_wall_time_alone() -> None:
    clock = ManualClock(now_s=100.0)
    clock.jump(-60)
    assert (clock.now_s(), clock.monotonic_s()) == (40.0, 0.0)


def test_seconds_become_an_aware_time_in_utc() -> None:
    assert utc(1_700_000_000.5) == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)
    assert utc(0).tzinfo is UTC
