"""How late the event loop is: a timer, and how much later than due it is called.

A late loop delays every call by as much, whatever kept it: a slow handler, a long encoding, a
machine without a free core. `loop_lag_seconds` has its distribution.
"""

import asyncio

from app.clock import Clock
from app.metrics import Metrics

INTERVAL_S = 0.1


class LoopLag:
    """Samples the loop it is started on, ten times a second, until it is stopped."""

    def __init__(self, metrics: Metrics, clock: Clock, interval_s: float = INTERVAL_S) -> None:
        """Nothing is sampled before `start`."""
        self._metrics = metrics
        self._clock = clock
        self._interval_s = interval_s
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to sample. Again is harmless."""
        if self._timer is None:
            self._wait()

    async def stop(self) -> None:
        """End. Again is harmless."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        # A timer, no task that sleeps: an idle process does this ten times a second, too.
        self._due_s = self._clock.monotonic_s() + self._interval_s
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._sample)

    def _sample(self) -> None:
        late_s = self._clock.monotonic_s() - self._due_s
        self._metrics.loop_lag_seconds.observe(max(0.0, late_s))
        self._wait()
