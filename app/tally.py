"""Counting on the hot path: plain numbers, moved into the metrics when these are read.

A counter of prometheus_client takes a lock and several calls each time; a histogram three times as
much. A tally belongs to one thread, the event loop's, and costs an addition.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import prometheus_client
from prometheus_client import CollectorRegistry, Counter


class Histogram(prometheus_client.Histogram):
    """A histogram to which many observations can be added at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """So many observations in each bucket, and the sum of all."""
        for bucket, number in zip(self._buckets, counts, strict=True):
            if number:
                bucket.inc(number)
        self._sum.inc(total)


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
        self._histogram = histogram
        self._bounds = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def settle(self) -> None:
        """Move what was counted into the metric."""
        if any(self._counts):
            self._histogram.add(self._counts, self._sum)
            self._counts = [0] * len(self._counts)
            self._sum = 0.0


class Settling(Protocol):
    """Whatever counts aside."""

    def settle(self) -> None:
        """Move what was counted into the metrics, or into tallies that were made later."""


class Tallies:
    """All tallies of a registry: it settles them before it reads its metrics.

    To be registered before these.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._all: list[Settling] = []
        registry.register(self)

    def add(self, settling: Settling) -> None:
        """Settle this too, after those that were made before it."""
        self._all.append(settling)

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
