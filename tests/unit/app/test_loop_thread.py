"""Coroutines in a thread of their own: outcomes, cancellation, the end."""

import asyncio
import threading

import pytest

from app.errors import Unavailable
from app.loop_thread import LoopThread


async def test_a_coroutine_runs_in_the_thread_and_its_outcome_comes_back() -> None:
    elsewhere = LoopThread("elsewhere")

    async def name() -> str:
        return threading.current_thread().name

    async def fail() -> None:
        raise ValueError("over there")

    try:
        assert await elsewhere.run(name()) == "elsewhere"
        with pytest.raises(ValueError, match="over there"):
            await elsewhere.run(fail())
    finally:
        await elsewhere.stop()


async def test_cancelling_the_caller_cancels_the_coroutine() -> None:
    elsewhere = LoopThread("elsewhere")
    started, cancelled = threading.Event(), threading.Event()

    async def hang() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    calling = asyncio.ensure_future(elsewhere.run(hang()))
    await asyncio.to_thread(started.wait)
    calling.cancel()
    await asyncio.wait([calling])
    assert calling.cancelled()
    assert await asyncio.to_thread(cancelled.wait, 10)
    await elsewhere.stop()


async def test_stopping_ends_what_hangs_and_the_thread() -> None:
    elsewhere = LoopThread("elsewhere")
    hanging = asyncio.ensure_future(elsewhere.run(asyncio.sleep(3600)))
    await elsewhere.run(asyncio.sleep(0))
    await elsewhere.stop()
    with pytest.raises(Unavailable, match="elsewhere"):
        await hanging
    assert "elsewhere" not in {each.name for each in threading.enumerate()}
    await elsewhere.stop()
    assert await elsewhere.run(asyncio.sleep(0, "again")) == "again"
    await elsewhere.stop()
