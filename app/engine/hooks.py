"""Callbacks for partitions that come and go, called in pairs and never at once.

An assigned callback may be a coroutine function: serving begins when it is done, or when the
partitions are revoked again, which cancels it first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.tasks import spawn

logger = logging.getLogger(__name__)
Hook = Callable[[set[int]], Awaitable[None] | None]


class Hooks:
    """The callbacks of one incarnation."""

    def __init__(self) -> None:
        """No callbacks, nothing served."""
        self.assigned: list[Hook] = []
        self.revoked: list[Hook] = []
        self._announced: set[int] = set()
        self._running: asyncio.Task[None] | None = None

    async def assign(self, partitions: set[int]) -> None:
        """Announce partitions, after taking back what was announced before.

        Raises: whatever a callback raises.
        """
        await self.revoke()
        self._announced = set(partitions)
        self._running = spawn(_call(self.assigned, partitions), name="engine-assigned-hooks")
        await self._running

    async def revoke(self) -> None:
        """Take back what was announced; nothing if that is nothing."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        self._running = None
        gone, self._announced = self._announced, set()
        if gone:
            await _call(self.revoked, gone)


async def _call(hooks: list[Hook], partitions: set[int]) -> None:
    for hook in hooks:
        answer = hook(set(partitions))
        if answer is not None:
            await answer
