"""Waiting for a bounded time, and less if told."""

import asyncio

import pytest

from app.tasks import spawn
from proxy.publisher.patience import Patience


async def answer(value: str) -> str:
    await asyncio.sleep(0)
    return value


async def hang(cancelled: list[bool]) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.append(True)
        raise
    return "never"


async def test_a_result_in_time() -> None:
    assert await Patience(3600).wait(answer("yes"), "no") == "yes"


async def test_what_takes_too_long_is_cancelled() -> None:
    cancelled: list[bool] = []
    assert await Patience(0.001).wait(hang(cancelled), "no") == "no"
    assert cancelled == [True]


async def test_it_can_be_cut_short_and_is_harmless_with_nothing_running() -> None:
    """All that run end; what begins later has its whole time."""
    patience, cancelled = Patience(3600), list[bool]()
    patience.hasten()
    waits = [spawn(patience.wait(hang(cancelled), "no"), name="wait") for _ in range(2)]
    await asyncio.sleep(0)
    patience.hasten()
    patience.hasten()
    assert await asyncio.gather(*waits) == ["no", "no"]
    assert await patience.wait(answer("yes"), "no") == "yes"


async def test_what_takes_long_is_doubted_once() -> None:
    """And goes on."""
    doubts: list[int] = []
    patience = Patience(3600, doubt_s=0.001, on_doubt=lambda: doubts.append(1))
    waiting = spawn(patience.wait(hang([]), "no"), name="wait")
    while not doubts:
        await asyncio.sleep(0.001)
    assert not waiting.done()
    patience.hasten()
    assert await waiting == "no"
    assert doubts == [1]


async def test_what_ends_in_time_is_not_doubted() -> None:
    doubts: list[int] = []
    patience = Patience(3600, doubt_s=0.0, on_doubt=lambda: doubts.append(1))

    async def at_once() -> str:
        return "yes"

    assert await patience.wait(at_once(), "no") == "yes"
    for _ in range(3):
        await asyncio.sleep(0)
    assert doubts == []


async def test_a_timeout_of_the_work_itself_is_an_error() -> None:
    """It is not ours."""

    async def fails() -> str:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Patience(3600).wait(fails(), "no")
