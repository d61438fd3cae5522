"""One table as a sink of rows: batches of several partitions that come together go in together.

Every INSERT makes a part that the engine must merge, so there is one at a time, and a short pause
after each, in which batches of other partitions gather. Batches cut in whatever way have the same
effect, as rows are replaced by their sorting key.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.sinks.clickhouse.isolation import insert_apart
from app.sinks.clickhouse.protocol import Analytics
from app.sinks.contract import RetryAfter, Verdict
from app.tasks import spawn

Row = Sequence[Any]
PAUSE_S = 0.1
MAX_JOINED_ROWS = 10_000
MAX_JOINED_BATCHES = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch, and where its verdicts are awaited."""

    rows: Sequence[Row]
    verdicts: asyncio.Future[list[Verdict]]


class TableSink:
    """Rows of one table; `Sink` says what it does. The engine is its owner's to open and close."""

    def __init__(
        self,
        engine: Analytics,
        table: str,
        columns: Sequence[str],
        *,
        name: str,
        pause_s: float = PAUSE_S,
    ) -> None:
        """Nothing is written; `name` is that of the sink."""
        self._engine = engine
        self._table = table
        self._columns = columns
        self._name = name
        self._pause_s = pause_s
        self._waiting: list[Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    @property
    def state(self) -> str:
        """The engine's."""
        return self._engine.state

    async def start(self) -> None:
        """Open the engine, if it can be had."""
        await self._engine.start()

    async def write(self, batch: Sequence[Row]) -> list[Verdict]:
        """Make the rows durable; one verdict for each."""
        if not batch:
            return []
        if self._is_closed:
            return [RetryAfter("closed")] * len(batch)
        waiting = Waiting(batch, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = spawn(self._write_all(), name=f"insert-{self._table}")
        return await waiting.verdicts

    async def close(self) -> None:
        """Leave what is not written yet to those who wait for it."""
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait({self._writer})

    async def _write_all(self) -> None:
        """Until nobody waits."""
        joined: list[Waiting] = []
        try:
            while self._waiting:
                joined = self._taken()
                await self._write(joined)
                await asyncio.sleep(self._pause_s)
        finally:
            self._writer = None
            for each in [*joined, *self._waiting]:
                _settle(each, [RetryAfter("not written")] * len(each.rows))
            self._waiting = []

    def _taken(self) -> list[Waiting]:
        """The first batches that wait, up to the limits, without those that were given up."""
        joined: list[Waiting] = []
        rows_total = 0
        while self._waiting and len(joined) < MAX_JOINED_BATCHES:
            each = self._waiting[0]
            if joined and rows_total + len(each.rows) > MAX_JOINED_ROWS:
                break
            del self._waiting[0]
            if not each.verdicts.done():
                joined.append(each)
                rows_total += len(each.rows)
        return joined

    async def _write(self, joined: Sequence[Waiting]) -> None:
        rows = [row for each in joined for row in each.rows]
        verdicts = await insert_apart(self._insert, rows)
        start = 0
        for each in joined:
            end = start + len(each.rows)
            _settle(each, verdicts[start:end])
            start = end

    async def _insert(self, rows: Sequence[Row]) -> None:
        await self._engine.insert(self._table, self._columns, rows)


def _settle(waiting: Waiting, verdicts: list[Verdict]) -> None:
    if not waiting.verdicts.done():
        waiting.verdicts.set_result(verdicts)
