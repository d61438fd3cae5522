"""What needs no engine; the rest is in `tests/contract/clickhouse`."""

import pytest

from app.errors import SinkRefused, SinkUnavailable
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
