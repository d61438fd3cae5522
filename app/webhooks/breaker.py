"""An endpoint that fails time after time is left alone for a while, then tried once. Pure.

closed     attempts go out; enough failures in a row open it
open       none goes out until the pause is over; each further failure doubles the pause
half open  one goes out: if it gets through the breaker closes, if not it is open again
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """So many failures in a row open it, for so long at first and so long at most, in seconds."""

    failures: int = 5
    pause_first_s: float = 5.0
    pause_max_s: float = 60.0


class Breaker:
    """The breaker of one endpoint; times are of any monotonic clock."""

    def __init__(self, options: BreakerOptions) -> None:
        """Closed."""
        self._options = options
        self._failures = 0
        self._open_until_s = 0.0
        self._is_probing = False

    def wait_s(self, now_s: float) -> float:
        """How long nothing may go out; 0: an attempt may begin."""
        if now_s < self._open_until_s:
            return self._open_until_s - now_s
        if self._is_tripped and self._is_probing:
            return self._pause_s
        return 0.0

    @property
    def is_open(self) -> bool:
        """Whether it is open or half open."""
        return self._is_tripped

    def began(self) -> None:
        """An attempt goes out."""
        self._is_probing = self._is_tripped

    def succeeded(self) -> None:
        """An attempt got through."""
        self._failures = 0
        self._open_until_s = 0.0
        self._is_probing = False

    def failed(self, now_s: float) -> None:
        """An attempt failed."""
        self._failures += 1
        self._is_probing = False
        if self._is_tripped:
            self._open_until_s = max(self._open_until_s, now_s + self._pause_s)

    def withdrawn(self) -> None:
        """An attempt ended without an answer to the question, as its task was cancelled."""
        self._is_probing = False

    def hold(self, until_s: float) -> None:
        """The endpoint asked for time."""
        self._open_until_s = max(self._open_until_s, until_s)

    @property
    def _is_tripped(self) -> bool:
        return self._failures >= self._options.failures

    @property
    def _pause_s(self) -> float:
        doublings = min(max(self._failures - self._options.failures, 0), 30)
        return min(self._options.pause_max_s, self._options.pause_first_s * 2.0**doublings)
