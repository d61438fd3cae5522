"""The log of webhooks on the real engine: what was written is read back."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.metrics import Metrics
from app.webhooks.log import AnalyticsLog, MemoryLog, Place
from tests.support.analytics import EngineProcess
from tests.support.embedded import needs_embedded
from tests.unit.app.webhooks.test_log import line, paged

pytestmark = [pytest.mark.embedded, needs_embedded]
# Rows go after 90 days, so these are of now.
NOW = datetime.now().astimezone().replace(microsecond=0)
SINCE, BEFORE = NOW - timedelta(days=1), Place(NOW + timedelta(days=1))
TIMES = ("at", "next_at")
STRANGE = "O'Neil \\ {tenant:String} ; -- 😀"


@pytest.fixture
async def log(analytics_engine: EngineProcess) -> AsyncIterator[AnalyticsLog]:
    client = analytics_engine.client()
    await client.start()
    yield AnalyticsLog(client, Metrics())
    await client.close()


def plain(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines with their times as times, whichever log they are of."""
    return [
        each | {name: datetime.fromisoformat(str(each[name])) for name in TIMES if each[name]}
        for each in lines
    ]


async def test_it_reads_as_the_twin_in_memory_does(log: AnalyticsLog) -> None:
    twin = MemoryLog()
    for number in range(12):
        changes: dict[str, Any] = {
            "endpoint_id": f"we_{number % 2}",
            "request_id": f"r{number % 3}",
            "tenant": "other" if number == 11 else "acme",
            "error": STRANGE if number % 4 == 0 else None,
            "status": None if number % 4 == 0 else 500,
            "took_ms": 1.5,
            "next_at": NOW if number % 4 else None,
        }
        made = line(number, at=NOW + timedelta(seconds=number), **changes)
        for each in (log, twin):
            each.add(made)
    log.add(line(0, at=NOW, endpoint_id="we_0", request_id="r0"))
    await log.write()
    window = {"since": SINCE, "before": BEFORE}
    for limit in (3, 50):
        of_endpoint = [
            plain(await each.read("acme", "we_1", limit=limit, **window)) for each in (log, twin)
        ]
        assert of_endpoint[0] == of_endpoint[1]
        of_exchange = [
            plain(await each.of_exchange("acme", "r2", since=SINCE, limit=limit))
            for each in (log, twin)
        ]
        assert of_exchange[0] == of_exchange[1]
    assert len(await log.read("acme", "we_0", limit=50, **window)) == 6
    assert await log.of_exchange("nobody", "r2", since=SINCE, limit=9) == []


async def test_pages_have_each_line_once(log: AnalyticsLog) -> None:
    for number in (3, 0, 8, 1, 2, 7, 4, 6, 5):
        made = line(number, at=NOW + timedelta(milliseconds=number // 3))
        log.add(made)
    log.add(made)
    await log.write()
    assert await paged(log, BEFORE) == [f"a{number}" for number in range(8, -1, -1)]
