"""Background tasks: named, kept alive, and never failing in silence."""

import asyncio
import gc
import logging

import pytest

from app.tasks import spawn


async def test_a_task_has_its_name_and_gives_its_result() -> None:
    async def answer() -> int:
        return 42

    task = spawn(answer(), name="answering")
    assert task.get_name() == "answering"
    assert await task == 42


async def test_a_task_nobody_holds_survives_the_garbage_collector() -> None:
    done = asyncio.Event()

    async def slow() -> None:
        await asyncio.get_running_loop().create_future()

    async def work() -> None:
        await asyncio.sleep(0)
        gc.collect()
        done.set()

    spawn(work(), name="work")
    hanging = spawn(slow(), name="hanging")
    gc.collect()
    await done.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_an_exception_nobody_awaits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken pump")

    with caplog.at_level(logging.ERROR, logger="app.tasks"):
        task = spawn(fail(), name="pumping")
        await asyncio.wait([task])
        await asyncio.sleep(0)
    assert "pumping" in caplog.text
    assert "broken pump" in caplog.text


async def test_a_cancelled_task_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    task = spawn(asyncio.sleep(3600), name="sleeping")
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert caplog.records == []


def test_there_is_no_task_without_a_running_loop() -> None:
    coroutine = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="no running event loop"):
        spawn(coroutine, name="orphan")
    coroutine.close()
