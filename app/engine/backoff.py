"""How long to wait before the next attempt: exponential, bounded, jittered above a floor."""

from collections.abc import Callable


class Backoff:
    """Waits that double from `first_s` to `max_s`; `random` gives 0 ≤ x < 1."""

    def __init__(self, first_s: float, max_s: float, random: Callable[[], float]) -> None:
        """Start from the first wait."""
        self._first_s = first_s
        self._max_s = max_s
        self._random = random
        self._failures = 0

    def next_s(self) -> float:
        """The wait after one more failure: between half and all of the doubled step."""
        step_s = min(self._max_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return step_s * (0.5 + self._random() / 2)

    def reset(self) -> None:
        """Begin from the first wait again."""
        self._failures = 0
