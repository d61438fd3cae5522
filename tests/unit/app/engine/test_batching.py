from app.engine.contracts import Again
from app.engine.ordered import WINDOW_RECORDS
from tests.support.lanes import acked, batch_lane, fill, offsets

AGAIN = Again("down")


def test_a_batch_is_due_by_count() -> None:
    lane = batch_lane(count=3)
    fill(lane, [0, 1])
    assert lane.take(0.0) == []
    fill(lane, [2, 3])
    assert offsets(lane.take(0.0)) == [[0, 1, 2]]


def test_a_batch_is_due_by_bytes_and_not_larger() -> None:
    lane = batch_lane(count=100, size_bytes=10)
    fill(lane, [0, 1, 2], size_bytes=4)
    assert offsets(lane.take(0.0)) == [[0, 1]]


def test_one_message_larger_than_the_limit_goes_alone() -> None:
    lane = batch_lane(count=100, size_bytes=10)
    fill(lane, [0, 1], size_bytes=40)
    assert offsets(lane.take(0.0)) == [[0]]


def test_a_batch_is_due_by_the_age_of_its_first_message() -> None:
    lane = batch_lane(age_s=10)
    fill(lane, [0], now_s=1.0)
    fill(lane, [1], now_s=9.0)
    assert lane.wake_at_s() == 11.0
    assert lane.take(10.9) == []
    assert offsets(lane.take(11.0)) == [[0, 1]]


def test_a_batch_is_due_when_memory_is_short() -> None:
    lane = batch_lane()
    fill(lane, [0])
    assert offsets(lane.take(0.0, pressed=True)) == [[0]]


def test_one_batch_at_a_time() -> None:
    lane = batch_lane(count=2)
    fill(lane, range(6))
    (job,) = lane.take(0.0)
    assert lane.take(99.0) == []
    assert lane.wake_at_s() is None
    lane.settle(job, [None, None], 99.0)
    assert offsets(lane.take(99.0)) == [[2, 3]]


def test_a_lane_is_full_with_a_batch_waiting_and_until_half_of_it_is_gone() -> None:
    lane = batch_lane(count=4)
    fill(lane, range(4))
    assert lane.is_full
    (job,) = lane.take(0.0)
    assert not lane.is_full
    fill(lane, range(4, 8))
    assert lane.is_full
    lane.settle(job, [None] * 4, 0.0)
    assert lane.is_full
    lane.take(0.0)
    assert not lane.is_full


def test_what_is_left_is_tried_first_then_what_came_meanwhile() -> None:
    lane = batch_lane(count=3)
    fill(lane, range(3))
    (job,) = lane.take(0.0)
    fill(lane, range(3, 8))
    lane.settle(job, [None, AGAIN, None], 0.0)
    assert acked(lane) == [0]
    assert lane.take(0.9) == []
    assert lane.take(0.9, pressed=True) == []
    assert offsets(lane.take(1.0)) == [[1, 3, 4]]


def test_waits_grow_while_nothing_gets_through_and_begin_anew_when_something_does() -> None:
    lane = batch_lane(count=2)
    fill(lane, [0, 1])
    now_s, waits = 0.0, []
    for results in ([AGAIN, AGAIN], [AGAIN, AGAIN], [AGAIN, AGAIN], [None, AGAIN]):
        (job,) = lane.take(now_s)
        lane.settle(job, results, now_s)
        waits.append(lane.wait_s(now_s))
        now_s += waits[-1]
    assert waits == [1.0, 2.0, 4.0, 1.0]


def test_a_rewound_lane_remembers_how_often_it_failed() -> None:
    lane = batch_lane(count=1)
    now_s = 0.0
    for _ in range(4):
        fill(lane, [0], now_s=now_s)
        (job,) = lane.take(now_s)
        lane.settle(job, [AGAIN], now_s)
        waited_s = lane.wait_s(now_s)
        lane.rewind()
        now_s += waited_s
    assert waited_s == 8.0


def test_a_sinks_own_word_on_when_replaces_the_backoff() -> None:
    lane = batch_lane(count=1)
    fill(lane, [0])
    (job,) = lane.take(0.0)
    lane.settle(job, [Again("throttled", 0.25)], 0.0)
    assert lane.wait_s(0.0) == 0.25


def test_batches_do_not_run_ahead_of_a_message_that_is_left_without_end() -> None:
    lane = batch_lane(count=100, age_s=0)
    now_s, offset = 0.0, 0
    while not lane.is_full:
        assert offset <= WINDOW_RECORDS
        fill(lane, range(offset, offset + 90), now_s=now_s)
        offset += 90
        (job,) = lane.take(now_s)
        lane.settle(job, [AGAIN if entry.offset == 0 else None for entry in job], now_s)
        now_s += 1
    assert lane.held_records == 1
