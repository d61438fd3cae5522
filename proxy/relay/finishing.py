"""Records that wait, for a bounded time, until it is known what becomes of their large bodies."""

import asyncio
from collections.abc import Callable, Sequence

from app.tasks import spawn
from proxy.capture.large import LargeBody


class Finishing:
    """The calls that are over but for their large bodies."""

    def __init__(self, wait_s: float) -> None:
        """No body is waited for longer than `wait_s`: then it is dropped."""
        self._wait_s = wait_s
        self._open: dict[asyncio.Task[None], Sequence[LargeBody]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def take(self, bodies: Sequence[LargeBody], then: Callable[[], None]) -> None:
        """Call back once all bodies are settled: at once, if they are; `then` must not raise."""
        for body in bodies:
            body.end()
        if all(body.state != "open" for body in bodies):
            then()
            return
        task = spawn(self._settle(bodies, then), name="relay-finish")
        self._open[task] = bodies
        task.add_done_callback(lambda done: self._open.pop(done, None))

    async def close(self, grace_s: float) -> None:
        """Give the open ones so many seconds, then drop their bodies; each has its record."""
        if not self._open:
            return
        _, late = await asyncio.wait(self._open, timeout=grace_s)
        for task in late:
            _give_up(self._open.get(task, ()))
        if late:
            await asyncio.wait(late)

    async def _settle(self, bodies: Sequence[LargeBody], then: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                for body in bodies:
                    await body.settled()
        except TimeoutError:
            _give_up(bodies)
        then()


def _give_up(bodies: Sequence[LargeBody]) -> None:
    for body in bodies:
        body.give_up()
