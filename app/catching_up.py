"""A stopping worker that handles what is on its topics first: for a broker that ends with it.

With a broker of one's own nothing is gained by it, as what is left is handled after the next start.
The embedded broker keeps its topics in memory: what is left there is lost.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from app.clock import Clock
from app.engine.lag import TopicLag

logger = logging.getLogger(__name__)
POLL_S = 0.2
CALM_POLLS = 4
"""What one agent emits is another one's to handle: nothing may be left for so many polls."""


class Lags(Protocol):
    """What knows how far topics are behind."""

    async def lags(self, *, ask: bool) -> Mapping[str, TopicLag]:
        """By topic; empty where nobody knows. `ask`: the broker too."""


class CatchingUp:
    """The drain hook of a worker, after that of its publisher."""

    def __init__(self, side: Lags, timeout_s: float, clock: Clock) -> None:
        """With a timeout of 0 it does nothing."""
        self._side = side
        self._timeout_s = timeout_s
        self._clock = clock

    async def drain(self) -> None:
        """Return once nothing is left, or in time; says what is left."""
        deadline_s = self._clock.monotonic_s() + self._timeout_s
        calm, left = 0, {"unknown": 1}
        while calm < CALM_POLLS and self._clock.monotonic_s() < deadline_s:
            left = left_of(await self._side.lags(ask=True))
            calm = 0 if left else calm + 1
            await asyncio.sleep(POLL_S)
        if left and self._timeout_s > 0:
            logger.warning("stopping with messages left on topics: %s", left)


def left_of(lags: Mapping[str, TopicLag]) -> dict[str, int]:
    """Messages left by topic, where there are any or nobody knows; empty: all is handled."""
    if not lags:
        return {"unknown": 1}
    return {
        topic: 1 if lag.records is None else lag.records
        for topic, lag in lags.items()
        if lag.records != 0
    }
