import asyncio
import math
from collections.abc import Mapping

import pytest

from app.engine.lag import TopicLag
from app.metrics import Metrics
from app.stream_lag import ASK_EVERY, StreamLag


class Side:
    """A stream side that says what it is told to."""

    def __init__(self) -> None:
        self.answer: Mapping[str, TopicLag] = {}
        self.raises: Exception | None = None
        self.asked: list[bool] = []

    async def lags(self, *, ask: bool) -> Mapping[str, TopicLag]:
        """As the stream side's."""
        self.asked.append(ask)
        if self.raises is not None:
            raise self.raises
        return self.answer


def shown(metrics: Metrics, topic: str) -> tuple[float | None, float | None]:
    value = metrics.registry.get_sample_value
    labels = {"topic": topic}
    return value("tailrace_stream_lag_records", labels), value("tailrace_stream_age_s", labels)


def test_what_is_not_known_is_nan_and_not_zero() -> None:
    metrics = Metrics()
    lag = StreamLag(Side(), metrics)
    lag.show({"facts": TopicLag(5, 1.5)})
    assert shown(metrics, "facts") == (5, 1.5)
    assert shown(metrics, "bodies") == (None, None)
    lag.show({"bodies": TopicLag(None, 3.0)})
    assert [math.isnan(value or 0) for value in shown(metrics, "facts")] == [True, True]
    records, age_s = shown(metrics, "bodies")
    assert records is not None
    assert math.isnan(records)
    assert age_s == 3.0


async def test_it_measures_until_stopped_whatever_is_raised() -> None:
    side, metrics = Side(), Metrics()
    side.raises = RuntimeError("boom")
    lag = StreamLag(side, metrics, interval_s=0.001)
    await lag.start()
    await lag.start()
    async with asyncio.timeout(10):
        while len(side.asked) < 2 * ASK_EVERY:
            await asyncio.sleep(0.001)
        side.raises, side.answer = None, {"facts": TopicLag(1, 2.0)}
        while shown(metrics, "facts") == (None, None):
            await asyncio.sleep(0.001)
    await lag.stop()
    await lag.stop()
    count = len(side.asked)
    await asyncio.sleep(0.01)
    assert len(side.asked) == count
    assert side.asked[: 2 * ASK_EVERY] == [turn % ASK_EVERY == 0 for turn in range(2 * ASK_EVERY)]


@pytest.mark.parametrize("records", [0, 7])
def test_a_figure_that_is_known_is_shown(records: int) -> None:
    metrics = Metrics()
    StreamLag(Side(), metrics).show({"t": TopicLag(records, 0.0)})
    assert shown(metrics, "t") == (records, 0.0)
