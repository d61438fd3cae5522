"""Rebuilding the ranking of users after recovery: a scan in short slices, never per request.

Each partition that this process is given is read once, one partition at a time; after `SLICE_S` of
reading the event loop gets its turn. The meter goes on meanwhile, and what it reports wins over
what the scan reads later. A partition that is taken away ends its scan; one that cannot be read
now is tried again, and the ranking is not ready before.
"""

import asyncio
import logging
from collections.abc import Iterable

from app.clock import Clock
from app.engine.contracts import LiveTables
from app.errors import RecordError, Unavailable
from app.tasks import spawn
from tables import aggregate_codec
from tables.definitions import USERS
from tables.top_users import TopUsers

SLICE_S = 0.002
AGAIN_S = 0.5
logger = logging.getLogger(__name__)


class Rebuilder:
    """Keeps a `TopUsers` in step with the partitions this process serves."""

    def __init__(self, top: TopUsers, tables: LiveTables, clock: Clock) -> None:
        self._top = top
        self._tables = tables
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()

    def on_assigned(self, partitions: Iterable[int]) -> None:
        """Start to read these partitions; their tables have recovered. Needs a running loop."""
        for partition in sorted(partitions):
            self._cancel(partition)
            self._top.begin(partition)
            task = spawn(self._rebuild(partition), name=f"rank-users-{partition}")
            self._tasks[partition] = task

    def on_revoked(self, partitions: Iterable[int]) -> None:
        """Forget these partitions, at once."""
        for partition in partitions:
            self._cancel(partition)
            self._top.drop(partition)

    async def settle(self) -> None:
        """Wait until every partition has been read or taken away."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _cancel(self, partition: int) -> None:
        if (task := self._tasks.pop(partition, None)) is not None:
            task.cancel()

    async def _rebuild(self, partition: int) -> None:
        while not await self._is_ranked(partition):
            self._top.begin(partition)
            await asyncio.sleep(AGAIN_S)

    async def _is_ranked(self, partition: int) -> bool:
        async with self._one_at_a_time:
            try:
                await self._scan(partition)
            except Unavailable as exc:
                logger.info("partition %d cannot be ranked now: %s", partition, exc)
                return False
            self._top.finish(partition)
            return True

    async def _scan(self, partition: int) -> None:
        slice_ends_s = self._clock.monotonic_s() + SLICE_S
        for key, value in self._tables.scan(USERS.name, partition):
            try:
                self._top.put(partition, key, aggregate_codec.decode(value))
            except RecordError as exc:
                logger.error("a user of partition %d is not ranked: %s", partition, exc)
            if self._clock.monotonic_s() >= slice_ends_s:
                await asyncio.sleep(0)
                slice_ends_s = self._clock.monotonic_s() + SLICE_S
