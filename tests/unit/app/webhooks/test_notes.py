"""What is told of deliveries."""

from datetime import timedelta

from app.clock import ManualClock
from app.ids import CountedIds
from app.metrics import Metrics
from app.webhooks.log import MemoryLog, Place
from app.webhooks.notes import MAX_ERROR_CHARS, RECENT_S, Notes
from app.webhooks.replies import Reply
from tests.support.endpoints import delivery, endpoint
from tests.support.records import STARTED_AT


class World:
    def __init__(self) -> None:
        self.log, self.metrics = MemoryLog(), Metrics()
        self.clock = ManualClock((STARTED_AT + timedelta(seconds=100)).timestamp())
        self.notes = Notes(self.log, self.metrics, self.clock, CountedIds().request_id)

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"tailrace_webhook_{name}", labels)

    async def lines(self) -> list[tuple[str, str, int, int | None]]:
        before, name = Place(STARTED_AT + timedelta(days=1)), endpoint().endpoint_id
        found = await self.log.read("default", name, since=STARTED_AT, before=before, limit=50)
        return [(each["kind"], each["result"], each["attempt"], each["status"]) for each in found]


async def test_an_attempt_is_counted_timed_and_noted() -> None:
    world = World()
    world.notes.attempted(delivery(), Reply(204, 20.0), "delivered")
    world.notes.attempted(delivery(attempts=2), Reply(500, 5.0), "failed", STARTED_AT)
    world.notes.attempted(delivery(replay_id="p"), Reply(None, 5.0, "x" * 999), "exhausted")
    assert await world.lines() == [
        ("replay", "exhausted", 1, None),
        ("exchange", "failed", 3, 500),
        ("exchange", "delivered", 1, 204),
    ]
    assert world.value("deliveries_total", result="delivered") == 1
    assert world.value("deliveries_total", result="failed") == 1
    assert world.value("attempt_seconds_count") == 3
    assert world.value("first_attempt_seconds_count") == 1
    assert 90 < (world.value("first_attempt_seconds_sum") or 0) <= 100


async def test_an_error_is_cut() -> None:
    world = World()
    world.notes.attempted(delivery(), Reply(None, 1.0, "x" * 999), "failed")
    before, name = Place(STARTED_AT + timedelta(days=1)), endpoint().endpoint_id
    (line,) = await world.log.read("default", name, since=STARTED_AT, before=before, limit=1)
    assert len(line["error"]) == MAX_ERROR_CHARS


async def test_dropped_is_a_line_without_an_attempt() -> None:
    world = World()
    world.notes.dropped(delivery(), "deleted")
    assert await world.lines() == [("exchange", "dropped", 0, None)]
    assert world.value("deliveries_total", result="dropped") == 1


def test_a_secret_that_cannot_be_opened_shows_for_a_while() -> None:
    world = World()
    assert world.notes.state == "ok"
    world.notes.sealed("we_1", "another key")
    assert world.notes.state == "sealed"
    world.clock.advance(RECENT_S + 1)
    assert world.notes.state == "ok"
    world.notes.count("deferred")
    assert world.value("deliveries_total", result="deferred") == 1
