"""How many exchanges may be shown: a burst, then so many a second, which is more than one reads."""

from app.clock import Clock


class Allowance:
    """A bucket of `burst` that fills by `max_per_s`; full at first. Sans-I/O."""

    def __init__(self, max_per_s: float, burst: int, clock: Clock) -> None:
        """It fills by the monotonic time of `clock`."""
        self.burst = burst
        self._max_per_s = max_per_s
        self._clock = clock
        self._left = float(burst)
        self._at_s = clock.monotonic_s()

    def take(self, count: int) -> int:
        """How many of so many may be shown now; they are taken from what is left."""
        now_s = self._clock.monotonic_s()
        self._left = min(self.burst, self._left + (now_s - self._at_s) * self._max_per_s)
        self._at_s = now_s
        taken = min(count, int(self._left))
        self._left -= taken
        return taken
