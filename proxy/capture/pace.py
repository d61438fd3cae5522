"""When the first token came, and the gaps between tokens, in memory that does not grow with them.

Gaps are counted in buckets five percent wide, so a percentile is within 2.5 % of the exact one.
"""

from math import exp, log

BUCKETS_PER_E = 20
SHORTEST_GAP_S = 1e-5
LONGEST_GAP_S = 1e5
NO_GAP = -1


class Pace:
    """The times of visible tokens, and of the first thought, in seconds of a monotonic clock."""

    __slots__ = ("_gaps", "_last_s", "_total", "first_s", "first_thought_s")

    def __init__(self) -> None:
        self._gaps: dict[int, int] = {}
        self._last_s = 0.0
        self._total = 0
        self.first_s: float | None = None
        self.first_thought_s: float | None = None

    def token(self, at_s: float) -> None:
        """One more token; those that come in one chunk have no gap between them."""
        if self.first_s is None:
            self.first_s = at_s
        else:
            gap_s = min(at_s - self._last_s, LONGEST_GAP_S)
            bucket = NO_GAP
            if gap_s > SHORTEST_GAP_S:
                bucket = int(log(gap_s / SHORTEST_GAP_S) * BUCKETS_PER_E)
            self._gaps[bucket] = self._gaps.get(bucket, 0) + 1
            self._total += 1
        self._last_s = at_s

    @property
    def lasted_s(self) -> float:
        """The time from the first token, be it a thought, to the last visible one."""
        if self.first_s is None:
            return 0.0
        begun_s = self.first_s
        if self.first_thought_s is not None:
            begun_s = min(begun_s, self.first_thought_s)
        return self._last_s - begun_s

    def gap_ms(self, share: float) -> float | None:
        """The gap that this share of all gaps does not exceed, None if there is none."""
        remaining = max(share * self._total, 1)
        for bucket in sorted(self._gaps):
            remaining -= self._gaps[bucket]
            if remaining <= 0:
                return _middle_ms(bucket)
        return None


def _middle_ms(bucket: int) -> float:
    if bucket == NO_GAP:
        return 0.0
    return round(SHORTEST_GAP_S * exp((bucket + 0.5) / BUCKETS_PER_E) * 1000, 3)
