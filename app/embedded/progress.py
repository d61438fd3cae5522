"""A long step says that it goes on, every few seconds, in a line."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable

from app.tasks import spawn

INTERVAL_S = 5


@contextlib.asynccontextmanager
async def progress(
    announce: Callable[[str], None], what: str, interval_s: float = INTERVAL_S
) -> AsyncIterator[None]:
    """While the block runs, announce `what` with the seconds passed, after each interval."""

    async def tick() -> None:
        for number in itertools.count(1):
            await asyncio.sleep(interval_s)
            announce(f"{what} … {number * interval_s:.0f} s")

    ticking = spawn(tick(), name="progress")
    try:
        yield
    finally:
        ticking.cancel()
