"""When the first token came, and the gaps between tokens, in memory that does not grow with them.

Gaps are counted in buckets five percent wide, so a percentile is within 2.5 % of the exact one.
"""

from collections.abc import Sequence
from math import ceil, exp, log
from operator import sub
from typing import Final

BUCKETS_PER_E: Final = 20
SHORTEST_GAP_S: Final = 1e-5
LONGEST_GAP_S: Final = 1e5
NO_GAP: Final = -1
MAX_NEW: Final = 256


class Pace:
    """The times of visible tokens, and of the first thought, in seconds of a monotonic clock."""

    __slots__ = ("_gaps", "_new", "_total", "first_s", "first_thought_s")

    def __init__(self) -> None:
        self._gaps: dict[int, int] = {}
        self._new: list[float] = []
        self._total = 0
        self.first_s: float | None = None
        self.first_thought_s: float | None = None

    def token(self, at_s: float) -> None:
        """One more token; those that come in one chunk have no gap between them."""
        self.tokens((at_s,))

    def tokens(self, times_s: Sequence[float]) -> None:
        """Some more tokens, at least one, each with its time."""
        if self.first_s is None:
            self.first_s = times_s[0]
        self._new += times_s
        if len(self._new) > MAX_NEW:
            self._count()

    def _count(self) -> None:
        """Put the gaps between the new tokens into their buckets."""
        gaps = self._gaps
        for gap_s in self._gaps_s():
            bucket = _bucket(gap_s)
            gaps[bucket] = gaps.get(bucket, 0) + 1
        self._total += len(self._new) - 1
        del self._new[:-1]

    def _gaps_s(self) -> list[float]:
        return list(map(sub, self._new[1:], self._new))

    @property
    def lasted_s(self) -> float:
        """The time from the first token, be it a thought, to the last visible one."""
        if self.first_s is None:
            return 0.0
        begun_s = self.first_s
        if self.first_thought_s is not None:
            begun_s = min(begun_s, self.first_thought_s)
        return self._new[-1] - begun_s

    def gap_ms(self, share: float) -> float | None:
        """The gap that this share of all gaps does not exceed, None if there is none."""
        if not self._gaps:
            gaps_s = sorted(self._gaps_s())
            place = max(ceil(share * len(gaps_s)), 1)
            return _middle_ms(_bucket(gaps_s[place - 1])) if gaps_s else None
        self._count()
        remaining = max(share * self._total, 1)
        for bucket in sorted(self._gaps):
            remaining -= self._gaps[bucket]
            if remaining <= 0:
                return _middle_ms(bucket)
        return None


def _bucket(gap_s: float) -> int:
    if gap_s <= SHORTEST_GAP_S:
        return NO_GAP
    return int(log(min(gap_s, LONGEST_GAP_S) / SHORTEST_GAP_S) * BUCKETS_PER_E)


def _middle_ms(bucket: int) -> float:
    if bucket == NO_GAP:
        return 0.0
    return round(SHORTEST_GAP_S * exp((bucket + 0.5) / BUCKETS_PER_E) * 1000, 3)
