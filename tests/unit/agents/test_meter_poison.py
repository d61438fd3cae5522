"""Poison, and what else the meter meets: each record alone, its neighbours unharmed."""

from dataclasses import replace
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
from tables.tally import REQUESTS
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
