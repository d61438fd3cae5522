"""Callbacks for partitions that come and go, called in pairs and never at once.

An assigned callback may be a coroutine function: serving begins when it is done, or when the
partitions are revoked again, which cancels it first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

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

    async def assign(self, partitions: set[int]) -> bool:
        """Announce partitions, after taking back what was announced before.

        Whether all callbacks ended: a revoke cuts them short. Raises: whatever a callback raises.
        """
        await self.revoke()
        self._announced = set(partitions)
        running = spawn(_call(self.assigned, partitions), name="engine-assigned-hooks")
        self._running = running
        await asyncio.wait({running})
        if running.cancelled():
            return False
        running.result()
        return True

    async def revoke(self) -> None:
        """Take back what was announced; nothing if that is nothing."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait({self._running})
        self._running = None
        gone, self._announced = self._announced, set()
        if gone:
            await _call(self.revoked, gone)


async def _call(hooks: list[Hook], partitions: set[int]) -> None:
    for hook in hooks:
        answer = hook(set(partitions))
        if answer is not None:
            await answer
