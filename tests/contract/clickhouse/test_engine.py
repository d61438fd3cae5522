"""The conformance suite, and what only a real engine can be asked."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.address import address_of
from app.sinks.clickhouse.client import ClickHouse
from app.sinks.clickhouse.migrations import Migration
from tests.contract.clickhouse.conformance import COLUMNS, TABLE, Case, Conformance, row
from tests.support.analytics import EngineProcess
from tests.support.embedded import needs_embedded

pytestmark = [pytest.mark.embedded, needs_embedded]


class EngineCase(Case):
    def __init__(self, process: EngineProcess) -> None:
        self.process = process
        self.client = process.client(known=[TABLE])
        self.engine = self.client

    async def kept(self) -> list[tuple[str, int]]:
        rows = await self.client.query("SELECT id, n FROM t FINAL ORDER BY id")
        return [(each["id"], each["n"]) for each in rows]

    async def refuse(self, *, is_down: bool) -> None:
        if is_down:
            self.process.kill()
        else:
            await self.process.start()


@pytest.fixture
async def case(analytics_engine: EngineProcess) -> AsyncIterator[EngineCase]:
    one = EngineCase(analytics_engine)
    await one.engine.start()
    yield one
    await one.engine.close()
    if not analytics_engine.is_running:
        await analytics_engine.start()


class TestEngine(Conformance):
    pass


async def test_values_come_back_as_they_went_in(case: EngineCase) -> None:
    nasty = "it's\t\\ \x00 {p:String} 😀\n"
    await case.engine.insert("t", COLUMNS, [row(2, nasty), row(1)])
    (found,) = await case.engine.query(
        "SELECT * FROM t FINAL WHERE id = {p:String} AND n IN {ns:Array(Int64)}",
        {"p": nasty, "ns": [2, 3]},
    )
    assert found == {
        "id": nasty,
        "n": 2,
        "at": "2026-03-04T05:06:07.890Z",
        "x": -2,
        "m": {"k'\n": "v\\"},
    }


async def test_what_was_refused_is_not_repeated(case: EngineCase) -> None:
    with pytest.raises(SinkRefused) as raised:
        await case.engine.insert("t", COLUMNS, [["a", "hunter2", *row(1)[2:]]])
    assert "hunter2" not in str(raised.value)
    assert "column n" in str(raised.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELEKT 1",
        "SELECT nothing FROM t",
        "SELECT {p:String}",
        "SELECT number FROM numbers(101)",
        "SELECT sum(cityHash64(number)) FROM numbers(1000000000000)",
    ],
)
async def test_a_wrong_or_expensive_query_is_refused(case: EngineCase, sql: str) -> None:
    with pytest.raises(SinkRefused):
        await case.engine.query(sql, max_rows=100, timeout_s=0.5)
    assert case.engine.state == "ok"


async def test_queries_run_side_by_side(case: EngineCase) -> None:
    answers = await asyncio.gather(*(case.engine.query(f"SELECT {n} AS n") for n in range(20)))
    assert answers == [[{"n": n}] for n in range(20)]


async def test_many_can_bring_the_schema_up_to_date_at_once(
    analytics_engine: EngineProcess,
) -> None:
    clients = [analytics_engine.client("at_once", known=[TABLE]) for _ in range(4)]
    await asyncio.gather(*(each.start() for each in clients))
    assert [each.state for each in clients] == ["ok"] * 4
    (found,) = await clients[0].query("SELECT count() AS n FROM schema_migrations FINAL")
    assert found == {"n": 1}
    later = analytics_engine.client("at_once", known=[TABLE, Migration(3, "x", ("SELECT 1",))])
    skipped = analytics_engine.client(
        "at_once", known=[TABLE, Migration(2, "y", ("SELECT 1",)), Migration(3, "x", ())]
    )
    for each in (later, skipped):
        await each.start()
        assert each.state == "ok"
    await clients[0].start()
    assert clients[0].state == "ok", "an open client goes on"
    found = await skipped.query("SELECT version FROM schema_migrations FINAL ORDER BY version")
    assert [each["version"] for each in found] == [1, 2, 3]
    for each in (*clients, later, skipped):
        await each.close()


async def test_a_schema_newer_than_this_build_is_left_alone(
    analytics_engine: EngineProcess,
) -> None:
    younger = analytics_engine.client("newer", known=[TABLE, Migration(2, "x", ("SELECT 1",))])
    await younger.start()
    await younger.insert("t", COLUMNS, [row(1)])
    ours = analytics_engine.client("newer", known=[TABLE])
    await ours.start()
    assert ours.state == "schema_newer"
    for attempt in (ours.insert("t", COLUMNS, [row(2)]), ours.query("SELECT 1")):
        with pytest.raises(SinkUnavailable, match="version 2"):
            await attempt
    (found,) = await younger.query("SELECT count() AS n FROM t")
    assert found == {"n": 1}
    await ours.close()
    await younger.close()


async def test_a_wrong_password_is_said_in_a_word(analytics_engine: EngineProcess) -> None:
    url = analytics_engine.url.replace("clickhouse://tailrace:", "clickhouse://tailrace:wrong")
    client = ClickHouse(address_of(url))
    await client.start()
    assert client.state == "refused"
    await client.close()


async def test_tables_that_are_gone_are_made_again(case: EngineCase) -> None:
    await case.engine.insert("t", COLUMNS, [row(1)])
    database = case.client.address.database
    with pytest.raises(SinkRefused):
        await case.engine.query("THIS IS NO STATEMENT")
    other = case.process.client("other", known=[])
    await other.start()
    await other._client.command(f"DROP DATABASE {database}")
    with pytest.raises(SinkUnavailable):
        await case.engine.insert("t", COLUMNS, [row(2)])
    await case.engine.insert("t", COLUMNS, [row(2)])
    assert await case.kept() == [("r2", 2)]
    await other.close()


async def test_an_engine_that_is_not_there_at_the_start_is_found_later(
    own_analytics_engine: EngineProcess,
) -> None:
    client = own_analytics_engine.client(known=[TABLE])
    await client.start()
    assert client.state == "down"
    await own_analytics_engine.start()
    await client.start()
    assert client.state == "ok"
    own_analytics_engine.kill()
    with pytest.raises(SinkUnavailable):
        await client.query("SELECT 1")
    await own_analytics_engine.start()
    assert client.state == "down"
    await client.start()
    assert client.state == "ok"
    await client.close()
