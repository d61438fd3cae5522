"""Latency histogram: within 3 %, bounded, mergeable."""

from math import ceil, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables import histogram
from tables.histogram import EMPTY, MAX_BUCKETS, MAX_MS, MIN_MS, RELATIVE_ERROR, Histogram

durations = st.lists(st.floats(MIN_MS, MAX_MS), min_size=1, max_size=200)


def of(durations_ms: list[float]) -> Histogram:
    counted = EMPTY
    for duration_ms in durations_ms:
        counted = counted.add(duration_ms)
    return counted


@given(durations, st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_every_quantile_is_within_the_relative_error(values: list[float], fraction: float) -> None:
    exact = sorted(values)[max(1, ceil(fraction * len(values))) - 1]
    assert of(values).quantile_ms(fraction) == pytest.approx(exact, rel=RELATIVE_ERROR + 1e-9)


def test_the_promise_of_five_percent_holds_with_room() -> None:
    assert RELATIVE_ERROR < 0.05


@given(durations, durations)
def test_a_merge_is_the_histogram_of_all_durations(one: list[float], other: list[float]) -> None:
    assert histogram.merge([of(one), of(other)]) == of(one + other)


def test_nothing_has_no_quantiles() -> None:
    assert EMPTY.quantile_ms(0.5) is None
    assert histogram.merge([]) == EMPTY


@pytest.mark.parametrize(("odd_ms", "kept_ms"), [(0.0, MIN_MS), (inf, MAX_MS), (1e300, MAX_MS)])
def test_odd_durations_are_clamped(odd_ms: float, kept_ms: float) -> None:
    assert EMPTY.add(odd_ms) == EMPTY.add(kept_ms)


def test_the_number_of_buckets_is_bounded() -> None:
    counted = EMPTY
    duration_ms = MIN_MS / 2
    while duration_ms < MAX_MS * 2:
        counted = counted.add(duration_ms)
        duration_ms *= 1.01
    assert len(counted.buckets) == len(counted.counts) == MAX_BUCKETS < 300


def test_adding_leaves_the_original_alone() -> None:
    before = of([10.0, 20.0])
    before.add(10.0)
    before.add(15.0)
    assert before == of([10.0, 20.0])


def test_buckets_ascend_whatever_the_order_of_arrival() -> None:
    assert of([500.0, 3.0, 70.0]).buckets == sorted(of([3.0, 70.0, 500.0]).buckets)
