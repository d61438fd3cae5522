"""When a delivery is tried again, and on which retry topic it waits until then. Pure.

A tier is a retry topic: what waits there is due in the order in which it came. After the last tier
the same one is taken again. Jitter is added, never taken off, so that no attempt comes early.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

JITTER = 0.1
DEFERRALS_PER_TIER = 3
LAST_TIER_OF_DEFERRAL = 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """The waits of the tiers in seconds, rising; how many attempts there are; the greatest age."""

    waits_s: Sequence[float]
    attempts: int
    max_age_s: float

    def after_failure(self, failed: int, retry_after_s: float | None = None) -> int | None:
        """The tier after so many failed attempts; None: there are no more.

        Not before `retry_after_s`: it is rounded up to the next tier.
        """
        if failed >= self.attempts:
            return None
        return max(self._bounded(failed - 1), self.covering(retry_after_s or 0))

    def after_deferral(self, failed: int, deferrals: int, wait_s: float = 0) -> int:
        """The tier of a delivery that could not be tried: that of its next attempt.

        What was put off again and again waits longer, so that a long queue for a slow endpoint does
        not go round and round; not before `wait_s`.
        """
        patience = min(deferrals // DEFERRALS_PER_TIER, LAST_TIER_OF_DEFERRAL)
        return max(self._bounded(max(failed - 1, 0)), patience, self.covering(wait_s))

    def covering(self, wait_s: float) -> int:
        """The first tier that is no shorter; the last one where none is."""
        fitting = (tier for tier, each_s in enumerate(self.waits_s) if each_s >= wait_s)
        return next(fitting, len(self.waits_s) - 1)

    def wait_s(self, tier: int, random: Callable[[], float]) -> float:
        """How long to wait on a tier; `random` gives 0 ≤ x < 1."""
        return self.waits_s[tier] * (1 + JITTER * random())

    def is_too_old(self, age_s: float) -> bool:
        """Whether a delivery is given up for its age."""
        return age_s > self.max_age_s

    def _bounded(self, tier: int) -> int:
        return min(tier, len(self.waits_s) - 1)
