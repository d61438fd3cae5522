"""How late the event loop is: a task that sleeps, and measures how much too long it slept.

A late loop delays every call by as much, whatever kept it: a slow handler, a long encoding, a
machine without a free core. `loop_lag_seconds` has its distribution.
"""

import asyncio

from app.clock import Clock
from app.metrics import Metrics
from app.tasks import spawn

INTERVAL_S = 0.1


class LoopLag:
    """Samples the loop it is started on, ten times a second, until it is stopped."""

    def __init__(self, metrics: Metrics, clock: Clock, interval_s: float = INTERVAL_S) -> None:
        """Nothing is sampled before `start`."""
        self._metrics = metrics
        self._clock = clock
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to sample. Again is harmless."""
        if self._task is None:
            self._task = spawn(self._sample(), name="loop-lag")

    async def stop(self) -> None:
        """End. Again is harmless."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _sample(self) -> None:
        while True:
            due_s = self._clock.monotonic_s() + self._interval_s
            await asyncio.sleep(self._interval_s)
            late_s = self._clock.monotonic_s() - due_s
            self._metrics.loop_lag_seconds.observe(max(0.0, late_s))
