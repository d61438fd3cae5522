"""A latency histogram in logarithmic buckets: any quantile within 3 % of its value, mergeable.

Bucket `i` holds the durations in (g^(i-1), g^i] milliseconds with g = (1 + a) / (1 - a); answering
2·g^i / (g + 1) for all of them is wrong by a fraction of `a` at most, wherever in the bucket they
lie (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
Guarantees", PVLDB 12(12), 2019). Only buckets that hold something are kept, and durations are
clamped to 0.1 ms … 1 h, so that there are never more than `MAX_BUCKETS`.
"""

from bisect import bisect_left
from collections.abc import Iterable
from math import ceil, log
from typing import NamedTuple

RELATIVE_ERROR = 0.03
MIN_MS = 0.1
MAX_MS = 3_600_000.0
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_PER_LOG = 1 / log(_GAMMA)
_MIDDLE = 2 / (_GAMMA + 1)


class Histogram(NamedTuple):
    """Counts by bucket: ascending bucket numbers, and beside them how many durations each holds.

    Values are immutable by convention: every operation answers a new one.
    """

    buckets: list[int]
    counts: list[int]

    def add(self, duration_ms: float) -> "Histogram":
        """This histogram with one duration more."""
        bucket = bucket_of(duration_ms)
        at = bisect_left(self.buckets, bucket)
        counts = self.counts.copy()
        if at < len(counts) and self.buckets[at] == bucket:
            counts[at] += 1
            return Histogram(self.buckets, counts)
        buckets = self.buckets.copy()
        buckets.insert(at, bucket)
        counts.insert(at, 1)
        return Histogram(buckets, counts)

    def quantile_ms(self, fraction: float) -> float | None:
        """The duration that `fraction` (0 to 1) of all are no longer than; None if there are none.

        The k-th smallest of n, k = ceil(fraction · n), within `RELATIVE_ERROR`.
        """
        rank = max(1, ceil(fraction * sum(self.counts)))
        for bucket, count in zip(self.buckets, self.counts, strict=True):
            rank -= count
            if rank <= 0:
                return _MIDDLE * _GAMMA**bucket
        return None


EMPTY = Histogram([], [])


def bucket_of(duration_ms: float) -> int:
    """The number of the bucket a duration falls into, after clamping."""
    clamped_ms = MIN_MS if duration_ms < MIN_MS else min(duration_ms, MAX_MS)
    return ceil(log(clamped_ms) * _PER_LOG)


MAX_BUCKETS = bucket_of(MAX_MS) - bucket_of(MIN_MS) + 1


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """The histogram of all durations together; the same as if one had counted them all."""
    sums: dict[int, int] = {}
    for histogram in histograms:
        for bucket, count in zip(histogram.buckets, histogram.counts, strict=True):
            sums[bucket] = sums.get(bucket, 0) + count
    ordered = sorted(sums)
    return Histogram(ordered, [sums[bucket] for bucket in ordered])
