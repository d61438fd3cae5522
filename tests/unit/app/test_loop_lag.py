"""The loop-lag sampler, over a clock that is moved by hand."""

import asyncio

from app.clock import ManualClock
from app.loop_lag import LoopLag
from app.metrics import Metrics


def sample(metrics: Metrics, name: str) -> float:
    """A sample of the histogram."""
    return metrics.registry.get_sample_value(f"tailrace_loop_lag_seconds_{name}") or 0.0


async def test_the_excess_over_the_interval_is_what_counts() -> None:
    """The clock moves half a second until a timer that is due at once is called."""
    metrics, clock = Metrics(), ManualClock()
    lag = LoopLag(metrics, clock, interval_s=0.0)
    await lag.start()
    await lag.start()
    clock.advance(0.5)
    while not sample(metrics, "count"):
        await asyncio.sleep(0)
    await lag.stop()
    await lag.stop()
    assert sample(metrics, "sum") == 0.5


async def test_a_timer_that_fires_early_is_no_lag() -> None:
    """The clock stands still over an interval: less than nothing is counted as nothing."""
    metrics = Metrics()
    lag = LoopLag(metrics, ManualClock(), interval_s=0.001)
    await lag.start()
    while not sample(metrics, "count"):
        await asyncio.sleep(0.001)
    await lag.stop()
    assert sample(metrics, "sum") == 0


async def test_nothing_is_sampled_after_the_stop() -> None:
    """The timer is gone."""
    metrics = Metrics()
    lag = LoopLag(metrics, ManualClock(), interval_s=0.0)
    await lag.start()
    await lag.stop()
    count = sample(metrics, "count")
    for _ in range(5):
        await asyncio.sleep(0)
    assert sample(metrics, "count") == count
