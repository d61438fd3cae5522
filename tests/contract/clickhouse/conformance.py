"""The suite that the analytics engine and its twin pass."""

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.migrations import Migration
from app.sinks.clickhouse.protocol import Analytics

TABLE = Migration(
    1,
    "t",
    (
        "CREATE TABLE IF NOT EXISTS t (id String, n Int64, at DateTime64(3, 'UTC'),"
        " x Nullable(Int64), m Map(String, String)) ENGINE = ReplacingMergeTree ORDER BY id",
    ),
)
COLUMNS = ("id", "n", "at", "x", "m")
AT = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
POISON = "not a number"


def row(number: int, name: str | None = None) -> list[Any]:
    """A good row; its key is its number, unless it is named."""
    return [name or f"r{number}", number, AT, None if number % 2 else -number, {"k'\n": "v\\"}]


class Case(ABC):
    """One engine with an empty table `t`; `engine` is started."""

    engine: Analytics

    @abstractmethod
    async def kept(self) -> list[tuple[str, int]]:
        """Keys and numbers of what the table holds, by key."""

    @abstractmethod
    async def refuse(self, *, is_down: bool) -> None:
        """Make the engine unreachable, or well again."""


class Conformance:
    """The suite."""

    async def test_rows_are_kept_and_replaced_by_key(self, case: Case) -> None:
        await case.engine.insert("t", COLUMNS, [row(1), row(2)])
        await case.engine.insert("t", COLUMNS, [row(2), row(3), row(4, "r1")])
        assert await case.kept() == [("r1", 4), ("r2", 2), ("r3", 3)]
        assert case.engine.state == "ok"

    async def test_no_rows_are_nothing(self, case: Case) -> None:
        await case.engine.insert("t", COLUMNS, [])
        assert await case.kept() == []

    async def test_a_row_of_poison_is_refused_and_nothing_else(self, case: Case) -> None:
        bad = [*row(2)]
        bad[1] = POISON
        with pytest.raises(SinkRefused):
            await case.engine.insert("t", COLUMNS, [row(1), bad, row(3)])
        assert case.engine.state == "ok"
        await case.engine.insert("t", COLUMNS, [row(1), row(3)])
        assert await case.kept() == [("r1", 1), ("r3", 3)]

    async def test_a_table_that_is_not_there_is_waited_for(self, case: Case) -> None:
        with pytest.raises(SinkUnavailable):
            await case.engine.insert("nowhere", COLUMNS, [row(1)])

    async def test_an_engine_that_is_away_is_used_again_when_it_is_back(self, case: Case) -> None:
        await case.engine.insert("t", COLUMNS, [row(1)])
        await case.refuse(is_down=True)
        for attempt in (case.engine.insert("t", COLUMNS, [row(2)]), case.engine.query("SELECT 1")):
            with pytest.raises(SinkUnavailable):
                await attempt
        assert case.engine.state == "down"
        await case.refuse(is_down=False)
        await case.engine.insert("t", COLUMNS, [row(2)])
        assert case.engine.state == "ok"
        assert await case.kept() == [("r1", 1), ("r2", 2)]

    async def test_closed_twice_it_takes_nothing(self, case: Case) -> None:
        await case.engine.close()
        await case.engine.close()
        with pytest.raises(SinkUnavailable):
            await case.engine.insert("t", COLUMNS, [row(1)])
        with pytest.raises(SinkUnavailable):
            await case.engine.query("SELECT 1")
