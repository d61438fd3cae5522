"""What came of attempts, in memory and in the analytics engine."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.errors import Unavailable
from app.metrics import Metrics
from app.sinks.clickhouse.memory import MemoryAnalytics
from app.webhooks import log
from app.webhooks.log import TABLE, AnalyticsLog, Line, MemoryLog, Place

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SINCE, BEFORE = NOON - timedelta(days=1), Place(NOON + timedelta(days=1))


def line(number: int = 0, endpoint_id: str = "we_1", **changes: Any) -> Line:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "endpoint_id": endpoint_id,
        "at": NOON + timedelta(seconds=number),
        "attempt_id": f"a{number}",
        "webhook_id": "msg_1",
        "request_id": "r1",
        "kind": "exchange",
        "attempt": 1,
        "result": "delivered",
    }
    return Line(**(fields | changes))


def engine() -> MemoryAnalytics:
    return MemoryAnalytics({TABLE: ["tenant", "endpoint_id", "attempt_id"]})


def test_the_owner_sees_no_tenant() -> None:
    assert "tenant" not in line().members()


async def test_memory_gives_the_last_ones_of_a_time_newest_first() -> None:
    kept = MemoryLog()
    for number in range(log.KEPT_PER_ENDPOINT + 5):
        kept.add(line(number))
    kept.add(line(1, "we_2"))
    found = await kept.read("acme", "we_1", since=SINCE, before=BEFORE, limit=500)
    assert len(found) == log.KEPT_PER_ENDPOINT
    assert found[0]["attempt_id"] == f"a{log.KEPT_PER_ENDPOINT + 4}"
    until = Place(NOON + timedelta(seconds=10))
    early = await kept.read("acme", "we_1", since=SINCE, before=until, limit=2)
    assert [each["attempt_id"] for each in early] == ["a9", "a8"]
    assert await kept.read("other", "we_1", since=SINCE, before=BEFORE, limit=5) == []


async def test_pages_of_memory_have_each_line_once_in_whatever_order_they_came() -> None:
    kept = MemoryLog()
    for number in (3, 0, 8, 1, 2, 7, 4, 6, 5):
        kept.add(line(number, at=NOON + timedelta(milliseconds=number // 3)))
    assert await paged(kept) == [f"a{number}" for number in range(8, -1, -1)]


async def paged(kept: MemoryLog | AnalyticsLog, before: Place = BEFORE) -> list[str]:
    """The ids of all pages, as they come."""
    found: list[str] = []
    since = before.at - timedelta(days=2)
    while page := await kept.read("acme", "we_1", since=since, before=before, limit=2):
        found += [each["attempt_id"] for each in page]
        before = Place(datetime.fromisoformat(str(page[-1]["at"])), page[-1]["attempt_id"])
    return found


async def test_the_attempts_of_one_exchange_oldest_first() -> None:
    kept = MemoryLog()
    kept.add(line(3))
    kept.add(line(1, "we_2"))
    kept.add(line(2, request_id="another"))
    kept.add(line(4, tenant="other"))
    found = await kept.of_exchange("acme", "r1", since=SINCE, limit=9)
    assert [each["attempt_id"] for each in found] == ["a1", "a3"]
    assert await kept.of_exchange("acme", "r1", since=BEFORE.at, limit=9) == []


async def test_memory_forgets_the_endpoint_that_was_silent_for_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "KEPT_ENDPOINTS", 2)
    kept = MemoryLog()
    for name in ("we_1", "we_2", "we_1", "we_3"):
        kept.add(line(0, name))
    sizes = [
        len(await kept.read("acme", name, since=SINCE, before=BEFORE, limit=5))
        for name in ("we_1", "we_2", "we_3")
    ]
    assert sizes == [2, 0, 1]


async def test_lines_are_written_in_batches_once_the_engine_is_there() -> None:
    analytics = engine()
    kept = AnalyticsLog(analytics, Metrics())
    analytics.is_down = True
    for number in range(log.BATCH_LINES + 1):
        kept.add(line(number))
    await kept.write()
    assert analytics.inserts == []
    analytics.is_down = False
    await kept.write()
    await kept.write()
    assert analytics.inserts == [(TABLE, log.BATCH_LINES), (TABLE, 1)]
    assert analytics.rows(TABLE)[0]["attempt_id"] == "a0"


async def test_a_full_buffer_and_refused_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "BUFFER_LINES", 2)
    metrics, analytics = Metrics(), engine()
    kept = AnalyticsLog(analytics, metrics)
    for number in range(3):
        kept.add(line(number))
    analytics.poison = lambda row: True
    await kept.write()
    assert metrics.registry.get_sample_value("tailrace_webhook_log_lost_total") == 3


async def test_it_writes_in_the_background_and_what_is_left_at_the_end() -> None:
    analytics = engine()
    kept = AnalyticsLog(analytics, Metrics())
    await kept.start()
    kept.add(line(1))
    async with asyncio.timeout(10):
        while not analytics.rows(TABLE):
            await asyncio.sleep(0.01)
    kept.add(line(2))
    await kept.close()
    assert len(analytics.rows(TABLE)) == 2
    await kept.close()


async def test_values_are_bound_and_an_engine_that_is_away_is_told() -> None:
    def answer(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert "acme" not in sql
        return [{"attempt_id": "a1"}]

    analytics = MemoryAnalytics({TABLE: ["attempt_id"]}, answer)
    kept = AnalyticsLog(analytics, Metrics())
    found = await kept.read("acme", "we_1", since=SINCE, before=BEFORE, limit=5)
    assert found == [{"attempt_id": "a1"}]
    assert analytics.asked[0][1]["tenant"] == "acme"
    analytics.is_down = True
    with pytest.raises(Unavailable):
        await kept.read("acme", "we_1", since=SINCE, before=BEFORE, limit=5)
