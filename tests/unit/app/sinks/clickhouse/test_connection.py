"""`migrate` over a client that remembers; `connect` is met in `tests/contract/clickhouse`."""

from typing import Any, NamedTuple

from app.sinks.clickhouse.connection import migrate
from app.sinks.clickhouse.migrations import APPLIED_TABLE, MAKE_APPLIED_TABLE, Migration


class Found(NamedTuple):
    result_rows: list[tuple[int]]


class Remembering:
    def __init__(self, applied: list[int]) -> None:
        self.applied = applied
        self.done: list[str] = []

    async def command(self, statement: str) -> None:
        self.done.append(statement)

    async def query(self, sql: str) -> Found:
        assert APPLIED_TABLE in sql
        return Found([(version,) for version in self.applied])

    async def insert(self, table: str, rows: list[list[Any]], columns: list[str]) -> None:
        assert (table, columns) == (APPLIED_TABLE, ["version", "name"])
        self.done.append(f"noted {rows[0][0]}")


KNOWN = [Migration(1, "a", ("A", "B")), Migration(2, "b", ("C",))]


async def test_a_migration_is_noted_after_its_last_statement() -> None:
    client = Remembering([])
    assert await migrate(client, KNOWN) is None
    assert client.done == [MAKE_APPLIED_TABLE, "A", "B", "noted 1", "C", "noted 2"]


async def test_what_is_there_is_not_done_again() -> None:
    client = Remembering([1])
    assert await migrate(client, KNOWN) is None
    assert client.done == [MAKE_APPLIED_TABLE, "C", "noted 2"]


async def test_a_newer_schema_is_left_alone() -> None:
    client = Remembering([1, 7])
    assert await migrate(client, KNOWN) == 7
    assert client.done == [MAKE_APPLIED_TABLE]
