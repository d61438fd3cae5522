"""The meter: every exchange counted once, whatever of its effects survived a crash."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from app.engine.memory import MemoryStore
from app.record.keys import seen_key
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
