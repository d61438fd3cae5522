"""A burst, then so many a second."""

from app.clock import ManualClock
from app.live.allowance import Allowance


def test_a_burst_then_a_rate_and_never_more_than_a_burst() -> None:
    clock = ManualClock()
    allowance = Allowance(2, 5, clock)
    assert [allowance.take(4), allowance.take(4), allowance.take(4)] == [4, 1, 0]
    clock.advance(1.75)
    assert [allowance.take(9), allowance.take(9)] == [3, 0]
    clock.advance(0.25)
    assert allowance.take(1) == 1
    clock.advance(3600)
    assert allowance.take(100) == 5
