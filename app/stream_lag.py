"""How far behind the streams are, measured every other second and shown as gauges.

What nobody knows is NaN: while the stream side is down or partitions move, and for a topic of
which the broker has not said yet where it ends. A topic that was shown once stays listed.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import Protocol

from app.engine.lag import TopicLag
from app.metrics import Metrics
from app.tasks import spawn

logger = logging.getLogger(__name__)
INTERVAL_S = 2.0
ASK_EVERY = 3
NOT_KNOWN = TopicLag(None, None)


class Lags(Protocol):
    """What knows how far topics are behind."""

    async def lags(self, *, ask: bool) -> Mapping[str, TopicLag]:
        """By topic; empty where nobody knows. `ask`: the broker too."""


class StreamLag:
    """Feeds the gauges until it is stopped."""

    def __init__(self, side: Lags, metrics: Metrics, interval_s: float = INTERVAL_S) -> None:
        """Nothing is measured before `start`."""
        self._side = side
        self._metrics = metrics
        self._interval_s = interval_s
        self._topics: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to measure. Again is harmless."""
        if self._task is None:
            self._task = spawn(self._measure(), name="stream-lag")

    async def stop(self) -> None:
        """End. Again is harmless."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _measure(self) -> None:
        turn = 0
        while True:
            try:
                self.show(await self._side.lags(ask=turn % ASK_EVERY == 0))
            except Exception:
                logger.exception("the streams' lag could not be measured")
                self.show({})
            turn += 1
            await asyncio.sleep(self._interval_s)

    def show(self, lags: Mapping[str, TopicLag]) -> None:
        """Set the gauges."""
        self._topics |= lags.keys()
        for topic in self._topics:
            lag = lags.get(topic, NOT_KNOWN)
            self._metrics.stream_lag_records.labels(topic=topic).set(_or_nan(lag.records))
            self._metrics.stream_age_s.labels(topic=topic).set(_or_nan(lag.age_s))


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
