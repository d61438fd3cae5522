import pytest

from app.sinks.clickhouse.memory import MemoryAnalytics
from tests.contract.clickhouse.conformance import POISON, Case, Conformance


class MemoryCase(Case):
    def __init__(self) -> None:
        self.twin = MemoryAnalytics({"t": ["id"]})
        self.twin.poison = lambda row: row["n"] == POISON
        self.engine = self.twin

    async def kept(self) -> list[tuple[str, int]]:
        return sorted((row["id"], row["n"]) for row in self.twin.rows("t"))

    async def refuse(self, *, is_down: bool) -> None:
        self.twin.is_down = is_down


class TestMemory(Conformance):
    @pytest.fixture
    async def case(self) -> Case:
        return MemoryCase()
