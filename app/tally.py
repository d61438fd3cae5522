"""Counting on the hot path: plain numbers, moved into the metrics when these are read.

A counter of prometheus_client takes a lock and several calls each time; a histogram three times as
much. A tally belongs to one thread, the event loop's, and costs an addition.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram


class Tally:
    """A counter: add to `number`."""

    __slots__ = ("_counter", "number")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.number = 0

    def settle(self) -> None:
        """Move what was counted into the metric."""
        number, self.number = self.number, 0
        if number:
            self._counter.inc(number)


class HistogramTally:
    """A histogram."""

    __slots__ = ("_bounds", "_counts", "_histogram", "_sum")

    def __init__(self, histogram: Histogram, buckets: tuple[float, ...]) -> None:
        """`buckets` are the upper bounds that it was made with."""
        self._histogram: Any = histogram
        self._bounds = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def settle(self) -> None:
        """Move what was counted into the metric."""
        total, self._sum = self._sum, 0.0
        for place, number in enumerate(self._counts):
            if number:
                self._counts[place] = 0
                self._histogram._buckets[place].inc(number)
        if total:
            self._histogram._sum.inc(total)


class Tallies:
    """All tallies of a registry: it settles them before it reads its metrics.

    To be registered before these.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._all: list[Tally | HistogramTally] = []
        registry.register(self)

    def counter(self, counter: Counter) -> Tally:
        """A tally of a counter, or of one of its children."""
        made = Tally(counter)
        self._all.append(made)
        return made

    def histogram(self, histogram: Histogram, buckets: tuple[float, ...]) -> HistogramTally:
        """A tally of a histogram, or of one of its children."""
        made = HistogramTally(histogram, buckets)
        self._all.append(made)
        return made

    def collect(self) -> Iterator[Any]:
        """What the registry calls: nothing of our own to show."""
        for each in self._all:
            each.settle()
        return iter(())
