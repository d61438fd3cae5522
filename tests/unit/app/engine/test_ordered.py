import math

import pytest

from app.engine.contracts import Again
from app.engine.ordered import Lane, OutOfOrderError, wait_after
from tests.support.lanes import LANES, acked, backoff, fill, offsets

LATER = Again("later", 60.0)
SOON = Again("soon", 2.0)


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> Lane[int]:
    return LANES[request.param]()


def try_all(lane: Lane[int], *, again: dict[int, Again], now_s: float = 20.0) -> list[int]:
    tried = []
    for job in lane.take(now_s):
        tried += [entry.offset for entry in job]
        lane.settle(job, [again.get(entry.offset) for entry in job], now_s)
    return tried


def test_what_is_done_is_acked_in_offset_order(lane: Lane[int]) -> None:
    fill(lane, [3, 5, 9])
    assert try_all(lane, again={5: SOON}) == [3, 5, 9]
    assert acked(lane) == [3]
    assert (lane.held_records, lane.held_bytes) == (1, 1)
    assert try_all(lane, again={}, now_s=22.0) == [5]
    assert acked(lane) == [5, 9]
    assert lane.held_records == 0


def test_an_offset_that_goes_back_is_an_error(lane: Lane[int]) -> None:
    fill(lane, [3])
    with pytest.raises(OutOfOrderError):
        fill(lane, [3])


def test_a_short_wait_is_held(lane: Lane[int]) -> None:
    fill(lane, [0])
    try_all(lane, again={0: SOON})
    assert lane.wait_s(20.5) == 1.5
    assert lane.wake_at_s() == 22.0
    assert not lane.is_long_wait(20.0)
    assert lane.take(21.9) == []


def test_a_long_wait_is_not_held_and_what_is_done_stays_done(lane: Lane[int]) -> None:
    fill(lane, range(10, 13))
    try_all(lane, again={11: LATER})
    assert acked(lane) == [10]
    assert lane.is_long_wait(20.0)
    assert lane.rewind() == 11
    assert (lane.unfinished(), lane.held_records, lane.wake_at_s()) == ([], 0, None)
    fill(lane, [11, 12, 13], now_s=80.0)
    assert try_all(lane, again={}, now_s=95.0) == [11, 13]
    assert acked(lane) == [11, 12, 13]


def test_a_wait_does_not_rewind_what_is_being_tried(lane: Lane[int]) -> None:
    fill(lane, [0])
    (job,) = lane.take(20.0)
    assert not lane.is_long_wait(20.0)
    assert lane.waiting() == []
    assert [entry.offset for entry in lane.unfinished()] == [0]
    lane.settle(job, [None], 20.0)


def test_what_was_deleted_meanwhile_is_not_waited_for(lane: Lane[int]) -> None:
    fill(lane, [0, 1])
    try_all(lane, again={0: LATER})
    assert lane.rewind() == 0
    fill(lane, [7], now_s=80.0)
    assert offsets(lane.take(95.0)) == [[7]]


def test_waits_are_the_longest_that_was_asked_for_above_the_backoff() -> None:
    assert wait_after(backoff(), [3.0, 9.0]) == 9.0
    assert wait_after(backoff(), [0.5, None]) == 1.0
    assert wait_after(backoff(), [7.0, None]) == 7.0


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
def test_a_wait_that_is_no_number_is_the_backoff(nonsense: float) -> None:
    assert wait_after(backoff(), [nonsense]) == 1.0


def test_waits_are_bounded_on_both_sides() -> None:
    assert wait_after(backoff(), [-5.0]) == 0.01
    assert wait_after(backoff(), [1e12]) == 86_400
