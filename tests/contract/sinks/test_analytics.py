"""The suite over a table of the twin and of a real engine."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Sequence
from typing import Any

import pytest

from app.analytics.row import COLUMNS, TABLE, row_of
from app.sinks.clickhouse.client import ClickHouse
from app.sinks.clickhouse.memory import MemoryAnalytics
from app.sinks.clickhouse.protocol import Analytics
from app.sinks.clickhouse.table_sink import TableSink
from tests.contract.sinks.conformance import Case, Conformance, Kept
from tests.support.analytics import EngineProcess
from tests.support.embedded import needs_embedded
from tests.support.facts import fact

POISON = "poison"


class Slow:
    """An engine that waits in the middle of an insert until it may go on."""

    def __init__(self, engine: Analytics) -> None:
        self._engine = engine
        self.gate: asyncio.Event | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
        if self.gate is not None:
            half = len(rows) // 2
            await self._engine.insert(table, columns, rows[:half])
            await self.gate.wait()
            rows = rows[half:]
        await self._engine.insert(table, columns, rows)


class RowCase(Case[Any]):
    def __init__(self, engine: Analytics) -> None:
        self.engine = engine
        self.slowed = Slow(engine)
        self.sink = TableSink(self.slowed, TABLE, COLUMNS, name="analytics", pause_s=0)

    def item(self, number: int) -> list[Any]:
        return row_of(fact(user=f"user-{number}", request_id=request_id(number)))

    def content(self, number: int) -> tuple[Hashable, Any]:
        return request_id(number), f"user-{number}"

    async def slow(self) -> asyncio.Event:
        self.slowed.gate = asyncio.Event()
        return self.slowed.gate


def request_id(number: int) -> str:
    return f"0195950e-3b4a-7c3d-8e5f-{number:012x}"


class TwinCase(RowCase):
    def __init__(self) -> None:
        self.twin = MemoryAnalytics({TABLE: ["tenant", "request_id"]})
        self.twin.poison = lambda row: row["user"] == POISON
        super().__init__(self.twin)

    def poison(self) -> list[Any]:
        return row_of(fact(user=POISON))

    async def kept(self) -> Kept:
        return {row["request_id"]: row["user"] for row in self.twin.rows(TABLE)}

    async def refuse(self, *, is_down: bool) -> None:
        self.twin.is_down = is_down


class EngineCase(RowCase):
    def __init__(self, process: EngineProcess, client: ClickHouse) -> None:
        self.process = process
        self.client = client
        super().__init__(client)

    def poison(self) -> list[Any]:
        row = self.item(99)
        row[COLUMNS.index("status")] = "no status"
        return row

    async def kept(self) -> Kept:
        rows = await self.client.query(f"SELECT request_id, user FROM {TABLE} FINAL")
        return {row["request_id"]: row["user"] for row in rows}

    async def refuse(self, *, is_down: bool) -> None:
        if is_down:
            self.process.kill()
        else:
            await self.process.start()


class TestTwin(Conformance):
    @pytest.fixture
    async def case(self) -> AsyncIterator[TwinCase]:
        one = TwinCase()
        yield one
        await one.sink.close()


@pytest.mark.embedded
@needs_embedded
class TestEngine(Conformance):
    @pytest.fixture
    async def case(self, analytics_engine: EngineProcess) -> AsyncIterator[EngineCase]:
        one = EngineCase(analytics_engine, analytics_engine.client())
        await one.sink.start()
        yield one
        await one.sink.close()
        await one.client.close()
        if not analytics_engine.is_running:
            await analytics_engine.start()
