"""The meter: every exchange counted once, whatever of its effects survived a crash."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from agents import meter
from agents.meter import Arrival, Known, step
from app.engine.contracts import Message, Position
from app.engine.memory import MemoryStore
from app.record.codec import encode_record
from app.record.fact import Cost
from app.record.keys import exchange_key, seen_key
from app.record.model import Record
from tables import seen
from tables.seen import Seen
from tables.tally import COST, REQUESTS
from tests.support.metering import (
    EVERYTHING,
    NOW_S,
    TOPICS,
    TTL_S,
    Rig,
    message_of,
    numbered,
    price,
)

KEPT, LOST = EVERYTHING, ()


def requests(rig: Rig, user: str) -> int:
    return rig.aggregate(user).totals[REQUESTS]


def test_a_record_becomes_an_aggregate_a_fact_and_an_entry() -> None:
    rig = Rig()
    made = numbered(1)
    rig.send(made)
    rig.drain()
    assert requests(rig, "user-1") == 1
    [fact] = rig.facts()
    assert (fact.record, fact.cost) == (made, price(made))
    assert (fact.epoch, fact.partition, fact.offset) == ("e1", 0, 0)
    assert fact.metered_at == datetime.fromtimestamp(NOW_S, UTC)
    [emitted] = rig.emitter.on(TOPICS.facts)
    assert emitted.key == made.request_id.encode()
    entry = rig.seen.get(seen_key("default", made.request_id))
    assert entry is not None
    assert seen.decode(entry) == Seen("e1", 0, 0, int(NOW_S * 1000))
    assert [standing.user for standing in rig.top.top("cost", 9, "default")] == ["user-1"]


@pytest.mark.parametrize(("users", "seen", "emitted"), list(product([KEPT, LOST], repeat=3)))
@pytest.mark.parametrize("followed_by", [[], [4], [1], [4, 1], [1, 4]])
def test_whatever_survives_a_crash_the_redelivery_completes_it(
    users: Any, seen: Any, emitted: Any, followed_by: list[int]
) -> None:
    rig = Rig()
    numbers = [1, *followed_by]
    for number in numbers:
        rig.send(numbered(number))
        rig.handle_next()
    rig.crash(users, seen, emitted)
    rig.drain()
    distinct = {numbered(number).request_id: numbered(number) for number in numbers}
    assert requests(rig, "user-1") == len(distinct)
    expected = sum(price(made).nano_usd or 0 for made in distinct.values())
    assert rig.aggregate("user-1").totals[COST] == expected
    assert {fact.record.request_id for fact in rig.facts()} == set(distinct)
    assert {(fact.record.request_id, fact.offset) for fact in rig.facts()} == {
        (made.request_id, numbers.index(int(made.request_id[-12:], 16)))
        for made in distinct.values()
    }
    assert all(rig.seen.get(seen_key("default", request_id)) for request_id in distinct)


def test_a_disk_that_outlived_the_changelog_is_written_out_before_the_commit() -> None:
    rig = Rig()
    rig.send(numbered(1))
    rig.handle_next()
    rig.crash(users_on_disk=EVERYTHING, seen_on_disk=EVERYTHING)
    rig.drain()
    rig.crash()
    assert requests(rig, "user-1") == 1
    assert rig.seen.get(seen_key("default", numbered(1).request_id)) is not None


def test_a_guard_hit_puts_the_same_value_again() -> None:
    rig = Rig()
    message = rig.send(numbered(1))
    rig.drain()
    rig.meter.handle(message)
    [(key, value)] = rig.users.queued
    assert value == rig.users.get(key)
    assert requests(rig, "user-1") == 1
    assert rig.metric("metered_total", verdict="repeated") == 1


def test_an_id_known_at_another_position_is_dropped_and_counted() -> None:
    rig = Rig()
    for _ in range(3):
        rig.send(numbered(1))
    rig.drain()
    assert requests(rig, "user-1") == 1
    assert len(rig.facts()) == 1
    assert rig.metric("metered_total", verdict="duplicate") == 2
    assert rig.metric("metered_total", verdict="counted") == 1


def test_a_duplicate_moves_no_guard() -> None:
    rig = Rig()
    for _ in range(2):
        rig.send(numbered(1))
    rig.drain()
    assert rig.aggregate("user-1").last_offset == 0


def test_a_replay_from_the_start_changes_no_total() -> None:
    rig = Rig()
    for number in (1, 2, 1, 3, 4, 4):
        rig.send(numbered(number))
    rig.drain()
    before = dict(rig.users.items()), dict(rig.seen.items())
    rig.rewind()
    rig.drain()
    assert (dict(rig.users.items()), dict(rig.seen.items())) == before


def test_a_replay_after_seen_has_expired_changes_no_total() -> None:
    rig = Rig()
    for number in (1, 4, 1, 7):
        rig.send(numbered(number))
    rig.drain()
    before = dict(rig.users.items())
    rig.clock.advance(2 * TTL_S)
    rig.seen = MemoryStore()
    rig.meter = rig.new_meter()
    rig.rewind()
    rig.drain()
    assert dict(rig.users.items()) == before
    assert rig.letters() == []


def test_topics_made_anew_are_neither_skipped_nor_doubled() -> None:
    rig = Rig()
    for number in (1, 4, 7, 10):
        rig.send(numbered(number))
    rig.renew_topic("e2")
    for number in (4, 13, 1, 16):
        rig.send(numbered(number))
    rig.drain()
    assert requests(rig, "user-1") == 6
    known = rig.aggregate("user-1")
    assert (known.epoch, known.last_offset) == ("e2", 3)


def too_old(seconds: float) -> Record:
    return numbered(1, produced_at=datetime.fromtimestamp(NOW_S - TTL_S - seconds, UTC))


def test_a_record_older_than_seen_goes_to_the_dead_letters() -> None:
    rig = Rig()
    rig.send(too_old(1))
    rig.drain()
    [letter] = rig.letters()
    assert letter.reason == "too_old_to_dedupe"
    assert (rig.facts(), list(rig.users.items())) == ([], [])


def test_a_record_as_old_as_seen_may_be_is_counted() -> None:
    rig = Rig()
    rig.send(too_old(-1))
    rig.drain()
    assert requests(rig, "user-1") == 1


def test_an_old_record_known_at_this_very_position_is_completed() -> None:
    rig = Rig()
    rig.seen.put(seen_key("default", too_old(1).request_id), seen.encode(Seen("e1", 0, 0, 0)))
    rig.send(too_old(1))
    rig.drain()
    assert rig.letters() == []
    assert requests(rig, "user-1") == 1


def test_an_entry_that_can_still_be_read_tells_a_duplicate_however_old() -> None:
    rig = Rig()
    entry = seen.encode(Seen("e0", 0, 5, 0))
    rig.seen.put(seen_key("default", too_old(1).request_id), entry)
    rig.send(too_old(1))
    rig.drain()
    assert rig.letters() == []
    assert rig.metric("metered_total", verdict="duplicate") == 1


def test_the_letter_of_an_old_record_is_written_again_when_it_was_lost() -> None:
    rig = Rig()
    rig.send(too_old(1))
    rig.send(numbered(4))
    rig.handle_next()
    rig.handle_next()
    rig.crash(users=KEPT, seen=KEPT, emitted=LOST)
    rig.drain()
    assert [letter.origin.offset for letter in rig.letters()] == [0]
    assert requests(rig, "user-1") == 1
    assert {fact.offset for fact in rig.facts()} == {1}


GOOD = numbered(1)
GOOD_KEY = exchange_key("default", GOOD.user, GOOD.request_id)
GOOD_VALUE = encode_record(GOOD)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (GOOD_KEY, None, "undecodable"),
        (GOOD_KEY, b"", "undecodable"),
        (GOOD_KEY, b"\x00\xff" * 50, "undecodable"),
        (GOOD_KEY, b"[" * 5000, "undecodable"),
        (GOOD_KEY, b"{}", "invalid"),
        (
            GOOD_KEY,
            GOOD_VALUE.replace(b'"schema_version":1', b'"schema_version":9'),
            "unknown_version",
        ),
        (GOOD_KEY, GOOD_VALUE.replace(b'"outcome"', b'"outcame"'), "invalid"),
        (GOOD_KEY, b" " * 10_000_000 + GOOD_VALUE, "too_large"),
        (None, GOOD_VALUE, "invalid"),
        (b"", GOOD_VALUE, "invalid"),
        (b"default|mallory", GOOD_VALUE, "invalid"),
        (b"k" * 1_000_000, b"x" * 15_000_000, "too_large"),
    ],
)
def test_a_poison_record_is_buried_alone(
    key: bytes | None, value: bytes | None, reason: str
) -> None:
    rig = Rig()
    rig.send(numbered(1))
    rig.send_raw(key, value)
    rig.send(numbered(4))
    rig.drain()
    assert requests(rig, "user-1") == 2
    [letter] = rig.letters()
    assert (letter.reason, letter.stage, letter.attempt) == (reason, "meter", 0)
    assert letter.origin.model_dump() == {
        "topic": TOPICS.exchanges,
        "partition": 0,
        "offset": 1,
        "epoch": "e1",
    }
    assert (value or b"").startswith(letter.raw_value or b"")
    assert (key or b"").startswith(letter.raw_key or b"")
    left_out = len(value or b"") + len(key or b"") - letter.cut_bytes
    assert len(letter.raw_value or b"") + len(letter.raw_key or b"") == left_out
    assert rig.metric("dead_letters_total", stage="meter", reason=reason) == 1


def test_a_record_that_cannot_be_counted_is_buried_with_its_attempt() -> None:
    def broken(of: Record) -> Cost:
        if of.attempt == 2:
            raise ZeroDivisionError("no such price")
        return price(of)

    rig = Rig()
    rig.meter = rig.new_meter(price=broken)
    rig.send(numbered(1, attempt=2))
    rig.send(numbered(4))
    rig.drain()
    [letter] = rig.letters()
    assert (letter.reason, letter.attempt) == ("step_failed", 2)
    assert "ZeroDivisionError" in letter.detail
    assert requests(rig, "user-1") == 1


@pytest.mark.parametrize("table", ["users", "seen"])
def test_a_value_of_an_unknown_version_buries_the_record_and_stays(table: str) -> None:
    rig = Rig()
    store = {"users": rig.users, "seen": rig.seen}[table]
    key = {"users": GOOD_KEY, "seen": seen_key("default", GOOD.request_id)}[table]
    store.put(key, b"\x63from the future")
    rig.send(GOOD)
    rig.drain()
    assert [letter.reason for letter in rig.letters()] == ["step_failed"]
    assert store.get(key) == b"\x63from the future"
    assert rig.facts() == []


def test_what_a_store_raises_reaches_the_engine() -> None:
    class Broken(MemoryStore):
        def get(self, key: bytes) -> bytes | None:
            raise OSError("disk full")

    rig = Rig()
    rig.meter = rig.new_meter(users=Broken())
    rig.send(numbered(1))
    with pytest.raises(OSError, match="disk full"):
        rig.handle_next()
    assert rig.letters() == []


def test_a_message_without_a_time_is_taken_as_of_now() -> None:
    rig = Rig()
    rig.meter.handle(replace(message_of(numbered(1), 0), broker_time_s=-0.001))
    assert len(rig.aggregate("user-1").hours) == 1


def test_unpriced_records_and_the_delay_are_measured() -> None:
    rig = Rig()
    number = next(n for n in range(100) if price(numbered(n)).nano_usd is None)
    rig.send(numbered(number))
    rig.drain()
    assert rig.metric("unpriced_total", reason="unknown_model") == 1
    delay_s = rig.metric("metered_delay_seconds_sum")
    assert delay_s == pytest.approx(5 - GOOD.timings_ms.total / 1000, abs=1e-3)


def test_the_step_is_pure() -> None:
    arrival = Arrival(GOOD, Position("e1", "t", 0, 3), NOW_S, NOW_S)
    first = step(arrival, Known(None, None), price, TTL_S)
    assert first is not None
    assert first == step(arrival, Known(None, None), price, TTL_S)
    again = step(arrival, Known(first.seen, first.aggregate), price, TTL_S)
    assert again == first._replace(verdict="repeated")
    elsewhere = arrival._replace(position=Position("e1", "t", 0, 4))
    assert step(elsewhere, Known(first.seen, first.aggregate), price, TTL_S) is None


async def test_the_shell_hands_the_stream_of_exchanges_to_the_meter() -> None:
    class App:
        def __init__(self) -> None:
            self.registered: list[tuple[str, str, Any]] = []
            self.processed: list[tuple[Any, Any]] = []

        def source(self, topic_name: str) -> str:
            return topic_name

        def agent(self, source: str, *, name: str) -> Any:
            return lambda function: self.registered.append((source, name, function))

        async def process(self, stream: Any, handle: Any) -> None:
            self.processed.append((stream, handle))

    app, rig = App(), Rig()
    meter.register(app, rig.meter, TOPICS)  # type: ignore[arg-type]
    [(source, name, agent)] = app.registered
    assert (source, name) == (TOPICS.exchanges, "meter")
    await agent("the stream")
    [(stream, handle)] = app.processed
    assert stream == "the stream"
    handle(Message(GOOD_KEY, GOOD_VALUE, Position("e1", TOPICS.exchanges, 0, 0), NOW_S))
    assert requests(rig, "user-1") == 1
