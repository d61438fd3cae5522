"""Tallies show the same as the metrics that they are for."""

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from app.tally import Histogram, Tallies

BUCKETS = (0.1, 1.0, 10.0)


def test_a_counter_is_settled_whenever_it_is_read() -> None:
    """Nothing is counted twice, and the metric may be used beside it."""
    registry = CollectorRegistry(auto_describe=True)
    tallies = Tallies(registry)
    counter = Counter("calls_total", "calls", ["to"], registry=registry)
    tally = tallies.counter(counter.labels("a"))
    for expected in (2, 4):
        tally.number += 2
        assert registry.get_sample_value("calls_total", {"to": "a"}) == expected
    counter.labels("a").inc()
    assert registry.get_sample_value("calls_total", {"to": "a"}) == 5


@pytest.mark.parametrize("values", [[0.05, 0.1, 0.5, 1.0, 9.0, 10.0, 11.0], [0.0], [1e9], []])
def test_a_histogram_is_as_if_each_value_was_observed(values: list[float]) -> None:
    """On the bounds, between and beyond them."""
    shown = []
    for by_tally in (True, False):
        registry = CollectorRegistry(auto_describe=True)
        tallies = Tallies(registry)
        histogram = Histogram("took_seconds", "took", buckets=BUCKETS, registry=registry)
        tally = tallies.histogram(histogram, BUCKETS)
        for value in values:
            (tally if by_tally else histogram).observe(value)
        shown.append(
            [row for row in generate_latest(registry).splitlines() if b"_created" not in row]
        )
    assert shown[0] == shown[1]
