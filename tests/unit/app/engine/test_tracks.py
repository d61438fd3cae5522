import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from app.engine.contracts import BatchLimits
from app.engine.tracks import Budget, Track, budget_of, size_bytes_of
from tests.support.kafkaless import message, options
from tests.support.lanes import batch_lane


def test_there_is_room_for_two_batches(tmp_path: Path) -> None:
    opts = options(tmp_path, buffer_records=100, buffer_bytes=1000)
    assert budget_of(opts, BatchLimits(count=10, bytes=100)) == Budget(200, 1000)
    assert budget_of(opts, BatchLimits(count=500, bytes=4000)) == Budget(1000, 8000)


def test_a_message_weighs_more_than_its_bytes() -> None:
    assert size_bytes_of(message(0, value=None)) > 100
    assert size_bytes_of(message(0, value=b"v" * 50)) == size_bytes_of(message(0, value=None)) + 50


async def test_a_track_wakes_at_the_time_set_last() -> None:
    loop = asyncio.get_running_loop()
    track, woken = Track(None, batch_lane()), []
    track.wake(loop.time() + 60, lambda _: woken.append("late"))
    track.wake(loop.time(), lambda _: woken.append("now"))
    await asyncio.sleep(0.01)
    assert woken == ["now"]


async def test_a_track_that_woke_can_be_woken_at_the_same_time_again() -> None:
    track, woken = Track(None, batch_lane()), []
    at_s = asyncio.get_running_loop().time()

    def call(each: Track) -> None:
        woken.append(each)
        if len(woken) < 3:
            each.wake(at_s, call)

    track.wake(at_s, call)
    await asyncio.sleep(0.01)
    assert woken == [track] * 3


async def test_a_wake_up_can_be_called_off() -> None:
    track, woken = Track(None, batch_lane()), []
    track.wake(asyncio.get_running_loop().time(), woken.append)
    track.wake(None, woken.append)
    await asyncio.sleep(0.01)
    assert woken == []


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_time_that_is_over_can_be_set_anew_on_either_loop(run: Callable[..., None]) -> None:
    """uvloop calls at once what is due, and its handle then has no time."""

    async def set_again() -> None:
        loop = asyncio.get_running_loop()
        track, woken = Track(None, batch_lane()), []
        for name in ("first", "second"):
            track.wake(loop.time() - 1, lambda _, name=name: woken.append(name))  # type: ignore[misc]
        track.wake(None, lambda _: woken.append("never"))
        track.wake(loop.time() - 2, lambda _: woken.append("last"))
        await asyncio.sleep(0.05)
        assert woken == ["last"]

    run(set_again())
