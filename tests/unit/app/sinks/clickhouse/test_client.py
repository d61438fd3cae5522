"""What needs no engine; the rest is in `tests/contract/clickhouse`."""

import asyncio
from typing import Any

import pytest

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse import client
from app.sinks.clickhouse.address import address_of
from app.sinks.clickhouse.client import ClickHouse
from tests.support.processes import free_port


@pytest.fixture
async def nobody() -> ClickHouse:
    return ClickHouse(address_of(f"clickhouse://127.0.0.1:{free_port()}/x"), known=[])


async def test_nothing_is_asked_before_it_is_used(nobody: ClickHouse) -> None:
    assert nobody.state == "starting"
    await nobody.insert("t", ["a"], [])
    assert nobody.state == "starting"


async def test_an_engine_that_is_away_does_not_stop_the_start(nobody: ClickHouse) -> None:
    await nobody.start()
    assert nobody.state == "down"
    with pytest.raises(SinkUnavailable):
        await nobody.query("SELECT 1")
    await nobody.close()
    assert nobody.state == "closed"


async def test_rows_that_cannot_be_written_are_refused_without_an_engine(
    nobody: ClickHouse,
) -> None:
    with pytest.raises(SinkRefused):
        await nobody.insert("t", ["a"], [["\ud800"]])


class Connecting:
    """Stands for `connect`: answers once `may_end` is set, and counts."""

    def __init__(self) -> None:
        self.times = 0
        self.may_end = asyncio.Event()
        self.error: Exception | None = OSError("nobody there")
        self.made = Client()

    async def __call__(self, address: Any, receive_timeout_s: float) -> "Client":
        self.times += 1
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return self.made


class Client:
    """Stands for a client of an engine whose schema is up to date."""

    def __init__(self) -> None:
        self.is_closed = False

    async def command(self, statement: str) -> None:
        del statement

    async def query(self, sql: str) -> Any:
        del sql
        return type("Found", (), {"result_rows": []})

    async def raw_query(self, sql: str, **options: Any) -> bytes:
        del sql, options
        return b'{"a": 1}\n'

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def connecting(monkeypatch: pytest.MonkeyPatch) -> Connecting:
    made = Connecting()
    monkeypatch.setattr(client, "connect", made)
    return made


async def begun(engine: ClickHouse, count: int) -> list["asyncio.Task[Any]"]:
    """So many queries that wait."""
    tasks = [asyncio.ensure_future(engine.query("SELECT 1")) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_who_asks_while_it_is_being_opened_shares_the_attempt_and_its_failure(
    nobody: ClickHouse, connecting: Connecting
) -> None:
    tasks = await begun(nobody, 20)
    connecting.may_end.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in outcomes] == [SinkUnavailable] * 20
    assert connecting.times == 1
    connecting.error = None
    assert await nobody.query("SELECT 1") == [{"a": 1}]
    assert connecting.times == 2


async def test_one_that_is_cancelled_takes_the_client_from_nobody(
    nobody: ClickHouse, connecting: Connecting
) -> None:
    connecting.error = None
    first, second = await begun(nobody, 2)
    first.cancel()
    await asyncio.sleep(0)
    connecting.may_end.set()
    assert await second == [{"a": 1}]
    assert connecting.times == 1


async def test_the_time_of_a_query_covers_the_opening(
    nobody: ClickHouse, connecting: Connecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MARGIN_S", 0.01)
    async with asyncio.timeout(5):
        with pytest.raises(SinkUnavailable, match="no answer within"):
            await nobody.query("SELECT 1", timeout_s=0.01)
    await nobody.close()


async def test_closed_while_it_is_being_opened_nobody_gets_a_client(
    nobody: ClickHouse, connecting: Connecting
) -> None:
    (waits,) = await begun(nobody, 1)
    await nobody.close()
    with pytest.raises(SinkUnavailable, match="closed"):
        await waits
    assert nobody.state == "closed"
