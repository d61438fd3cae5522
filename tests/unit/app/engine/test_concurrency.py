from app.engine.contracts import Again
from app.engine.ordered import WINDOW_RECORDS
from tests.support.lanes import acked, concurrent_lane, fill, offsets


def test_so_many_at_a_time() -> None:
    lane = concurrent_lane(in_flight=2)
    fill(lane, range(4))
    first, second = lane.take(0.0)
    assert offsets([first, second]) == [[0], [1]]
    assert lane.take(0.0) == []
    lane.settle(second, [None], 0.0)
    assert offsets(lane.take(0.0)) == [[2]]
    assert acked(lane) == []
    lane.settle(first, [None], 0.0)
    assert acked(lane) == [0, 1]


def test_others_go_on_while_one_waits_for_a_moment() -> None:
    lane = concurrent_lane(in_flight=1)
    fill(lane, range(3))
    for offset, result in ((0, Again("busy")), (1, None)):
        (job,) = lane.take(0.0)
        assert job[0].offset == offset
        lane.settle(job, [result], 0.0)
    (job,) = lane.take(1.0)
    assert job[0].offset == 0
    lane.settle(job, [None], 1.0)
    assert acked(lane) == [0, 1]


def test_each_message_has_its_own_backoff() -> None:
    lane = concurrent_lane(in_flight=2)
    fill(lane, [0, 1])
    now_s = 0.0
    for wait_s in (1.0, 2.0):
        jobs = {job[0].offset: job for job in lane.take(now_s)}
        lane.settle(jobs[0], [Again("busy")], now_s)
        if 1 in jobs:
            lane.settle(jobs[1], [None], now_s)
        assert lane.wait_s(now_s) == wait_s
        now_s += wait_s


def test_nothing_is_begun_while_the_oldest_waits_for_long() -> None:
    lane = concurrent_lane(in_flight=2)
    fill(lane, range(4))
    first, second = lane.take(0.0)
    lane.settle(first, [Again("not before tomorrow", 80_000.0)], 0.0)
    assert lane.take(0.0) == []
    assert not lane.is_long_wait(0.0)
    lane.settle(second, [None], 0.0)
    assert lane.is_long_wait(0.0)
    assert lane.rewind() == 0
    fill(lane, range(4), now_s=80_000.0)
    assert offsets(lane.take(80_000.0)) == [[0], [2]]


def test_handling_does_not_run_ahead_without_end() -> None:
    lane = concurrent_lane(in_flight=2)
    fill(lane, [0])
    lane.take(0.0)
    for offset in range(1, WINDOW_RECORDS):
        fill(lane, [offset])
        (job,) = lane.take(0.0)
        lane.settle(job, [None], 0.0)
    assert lane.held_records == 1
    assert lane.is_full


def test_a_lane_is_full_by_what_waits() -> None:
    lane = concurrent_lane(in_flight=1)
    fill(lane, range(99))
    assert not lane.is_full
    fill(lane, [99])
    assert lane.is_full


def test_a_lane_is_full_by_bytes() -> None:
    lane = concurrent_lane()
    fill(lane, [0], size_bytes=9 << 20)
    assert lane.is_full
