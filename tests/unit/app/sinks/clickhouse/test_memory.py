from collections.abc import Mapping
from typing import Any

import pytest

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.memory import MemoryAnalytics

COLUMNS = ("id", "n")


def engine() -> MemoryAnalytics:
    return MemoryAnalytics({"t": ["id"]})


async def test_a_row_replaces_the_one_with_its_key() -> None:
    twin = engine()
    await twin.insert("t", COLUMNS, [["a", 1], ["b", 2]])
    await twin.insert("t", COLUMNS, [["a", 3]])
    assert twin.rows("t") == [{"id": "a", "n": 3}, {"id": "b", "n": 2}]
    assert twin.inserts == [("t", 2), ("t", 1)]


async def test_faults_are_raised_and_keep_nothing() -> None:
    twin = engine()
    twin.poison = lambda row: row["n"] == 2
    with pytest.raises(SinkRefused):
        await twin.insert("t", COLUMNS, [["a", 1], ["b", 2]])
    with pytest.raises(SinkUnavailable) as raised:
        await twin.insert("missing", COLUMNS, [["a", 1]])
    assert raised.value.reached
    twin.is_down = True
    for attempt in (twin.insert("t", COLUMNS, [["a", 1]]), twin.query("SELECT 1")):
        with pytest.raises(SinkUnavailable):
            await attempt
    assert twin.rows("t") == []


async def test_answers_are_the_tests_own_and_limited() -> None:
    def answer(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"sql": sql, **parameters}] * 3

    twin = MemoryAnalytics({}, answer)
    assert (await twin.query("SELECT 1", {"a": 1}))[0] == {"sql": "SELECT 1", "a": 1}
    assert twin.asked == [("SELECT 1", {"a": 1})]
    with pytest.raises(SinkRefused):
        await twin.query("SELECT 1", max_rows=2)


async def test_nothing_to_insert_asks_nothing() -> None:
    twin = engine()
    await twin.close()
    await twin.insert("t", COLUMNS, [])
