"""Keeping the copies that this worker does not serve dated, so that they can be read meanwhile.

Faust reads the changelogs of standbys and writes them in batches, which may wait for long. So twice
a second: ask the broker for the ends, write what has come, and date every copy that has got there.
Tables that forget by themselves are left out: their end need not be reached by a record.
"""

import asyncio
from collections.abc import Iterator
from time import monotonic
from typing import Any, cast

from app.engine.rocks import RocksStore
from app.engine.tables import Table

EVERY_S = 0.5


class Standbys:
    """Dates the standbys of one incarnation, until cancelled."""

    def __init__(self, app: Any) -> None:
        """`app` is the stream app."""
        self._app = app

    async def run(self) -> None:
        """Go on until cancelled, or until the app has failed."""
        while self._app.failure is None:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Date every copy that has all that the changelog has."""
        held = dict(self._held())
        if not held:
            return
        at_s = monotonic()
        ends = await self._app.reader.client_thread.ends(list(held))
        if self._app.phase == "running" and ends:
            # What Faust has collected for its next batch; afterwards the offsets are true.
            cast(Any, self._app.tables).recovery.flush_buffers()
        for tp, rocks in held.items():
            if tp in ends:
                rocks.reached(tp.partition, ends[tp], at_s)

    def _held(self) -> Iterator[tuple[Any, RocksStore]]:
        standbys = self._app.assignor.assigned_standbys()
        if not standbys or self._app.phase in ("starting", "stopped", "failed"):
            return
        assigned = self._app.consumer.assignment()
        for table in self._app.tables.values():
            ours = cast(Table, table)
            if ours.ttl_s is None:
                topic = ours.changelog_topic.get_topic_name()
                for tp in standbys & assigned:
                    if tp.topic == topic:
                        yield tp, ours.rocks
