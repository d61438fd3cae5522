import asyncio
from pathlib import Path

import pytest

from app.embedded.children import Child
from app.embedded.supervision import keep_running
from app.engine.backoff import Backoff
from app.tasks import spawn
from tests.support.children import spec


async def test_a_killed_child_is_started_again_and_each_time_is_said(tmp_path: Path) -> None:
    child = Child(spec(tmp_path))
    await child.start()
    said: list[str] = []
    back = asyncio.Event()

    def announce(line: str) -> None:
        said.append(line)
        if "is back" in line:
            back.set()

    async def sleep(seconds: float) -> None:
        assert seconds == 0.5

    keeping = spawn(
        keep_running(child, announce=announce, backoff=Backoff(1, 8, lambda: 0), sleep=sleep),
        name="keeping",
    )
    try:
        for _ in range(2):
            back.clear()
            child.kill()
            await asyncio.wait_for(back.wait(), 20)
            assert child.pid is not None
    finally:
        keeping.cancel()
        await child.stop()
    assert (
        said
        == [
            "the thing has ended (SIGKILL); starting it again in 0.5 s",
            "the thing is back",
        ]
        * 2
    )


async def test_waits_grow_while_it_cannot_be_started(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "raise SystemExit(4)"))
    waits: list[float] = []
    said: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 4:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_running(
            child, announce=said.append, backoff=Backoff(1, 3, lambda: 0), sleep=sleep
        )
    assert waits == [0.5, 1.0, 1.5, 1.5]
    assert sum("ended with exit code 4" in line for line in said) == 3
