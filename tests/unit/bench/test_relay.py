"""The relay's benchmark: what a round measures, and how its figures are put together."""

from tests.bench.load import Cost
from tests.bench.paired import Ratio
from tests.bench.relay import lines, measured_in, requests_of, summary

COSTS = {
    "bare": [Cost(100.0, 10.0), Cost(200.0, 30.0)],
    "ours": [Cost(50.0, 20.0), Cost(100.0, 40.0)],
}


def test_other_sizes_are_measured_while_warming_up_and_in_each_second_round() -> None:
    assert measured_in(0, [5]) == measured_in(2, [5]) == ["request", "chunk", "5 bytes"]
    assert measured_in(1, [5]) == measured_in(0, []) == ["request", "chunk"]


def test_large_answers_are_fewer() -> None:
    assert [requests_of(size) for size in (1, 100_000, 50_000_000)] == [2000, 200, 50]


def test_medians_and_ratios_to_the_bare_relay() -> None:
    figures = summary({"request": COSTS})
    assert figures["cpu_us"] == {"request bare": 150.0, "request ours": 75.0}
    assert figures["per_s"] == {"request bare": 20.0, "request ours": 30.0}
    assert figures["request ours"] == Ratio(0.5, 0.5, 0.5, 2)
    assert "request bare" not in figures


def test_what_has_no_rate_is_shown_without_one() -> None:
    figures = summary({"chunk": {"bare": [Cost(7.0, None)]}})
    assert not figures["per_s"]
    assert lines(figures) == [f"{'chunk bare':26}     7.0 µs of CPU{'':9}"]
