"""Time buckets: bounded, and evicted by the broker's time alone."""

from hypothesis import given
from hypothesis import strategies as st

from tables import buckets
from tables.buckets import DAILY, HOURLY, Grain, count_in
from tables.tally import BUCKET_WIDTH, Row

ONE: Row = [1] * BUCKET_WIDTH
HOUR_S = 3600.0
NOW_S = 500_000 * HOUR_S


def numbers(series: list[Row]) -> list[int]:
    return [row[0] for row in series]


def test_counts_of_one_hour_add_up() -> None:
    series = count_in([], HOURLY, NOW_S, NOW_S, ONE)
    series = count_in(series, HOURLY, NOW_S + 3599, NOW_S, ONE)
    assert series == [[500_000, *[2] * BUCKET_WIDTH]]


def test_buckets_stay_in_order_when_records_come_late() -> None:
    series: list[Row] = []
    for hours_ago in (0, 5, 2, 5, 47):
        series = count_in(series, HOURLY, NOW_S - hours_ago * HOUR_S, NOW_S, ONE)
    assert numbers(series) == [499_953, 499_995, 499_998, 500_000]


def test_what_is_older_than_the_window_is_not_kept() -> None:
    assert count_in([], HOURLY, NOW_S - 48 * HOUR_S, NOW_S, ONE) == []
    assert count_in([], DAILY, NOW_S - 33 * 86_400, NOW_S, ONE) == []
    assert len(count_in([], HOURLY, NOW_S - 47 * HOUR_S, NOW_S, ONE)) == 1


def test_the_broker_s_time_moves_the_window() -> None:
    series = count_in([], HOURLY, NOW_S, NOW_S, ONE)
    later = NOW_S + 48 * HOUR_S
    assert numbers(count_in(series, HOURLY, later, later, ONE)) == [500_048]


def test_a_record_s_own_time_evicts_nothing() -> None:
    series = count_in([], HOURLY, NOW_S, NOW_S, ONE)
    assert count_in(series, HOURLY, 0.0, NOW_S, ONE) == series


def test_a_broker_whose_time_went_back_loses_what_was_ahead_first() -> None:
    series: list[Row] = []
    for hours_ago in range(48):
        series = count_in(series, HOURLY, NOW_S - hours_ago * HOUR_S, NOW_S, ONE)
    back = NOW_S - 40 * HOUR_S
    for hours_ago in range(10, 48):
        series = count_in(series, HOURLY, back - hours_ago * HOUR_S, back, ONE)
    assert len(series) == HOURLY.kept + 1
    assert 500_000 not in numbers(series)


def test_the_original_is_left_alone() -> None:
    series = count_in([], HOURLY, NOW_S, NOW_S, ONE)
    count_in(series, HOURLY, NOW_S, NOW_S, ONE)
    assert series == [[500_000, *ONE]]


def test_merge_adds_what_is_of_the_same_hour() -> None:
    one = count_in([], HOURLY, NOW_S, NOW_S, ONE)
    other = count_in(one, HOURLY, NOW_S - HOUR_S, NOW_S, ONE)
    assert buckets.merge([one, other]) == [
        [499_999, *[1] * BUCKET_WIDTH],
        [500_000, *[2] * BUCKET_WIDTH],
    ]
    assert buckets.merge([]) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 4e9), st.floats(0, 4e9)),
        max_size=150,
    ),
    st.sampled_from([HOURLY, DAILY]),
)
def test_never_more_buckets_than_the_bound(times: list[tuple[float, float]], grain: Grain) -> None:
    series: list[Row] = []
    for claimed_s, broker_s in times:
        at_s = min(claimed_s, broker_s + buckets.MAX_AHEAD_S)
        series = count_in(series, grain, at_s, broker_s, ONE)
        assert len(series) <= grain.kept + 1
        assert numbers(series) == sorted(set(numbers(series)))
