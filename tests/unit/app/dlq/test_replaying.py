"""What may be sent again, and in what portions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlq.letters import Stored
from app.dlq.replaying import PORTION_BYTES, PORTION_LETTERS, Plan, ReplayRules, produced_at_s
from app.record.dead_letter import Origin
from app.record.topics import Topics
from tests.support.letters import DEAD_AT, stored

DAY_S = 86_400
NOW_S = DEAD_AT.timestamp() + 3600
RULES = ReplayRules(Topics(), max_attempts=3, max_age_s=5 * DAY_S, seen_ttl_s=10 * DAY_S)


def made(days_ago: float) -> bytes:
    at = DEAD_AT - timedelta(days=days_ago)
    return b'{"user": "u", "produced_at": "%s"}' % at.isoformat().encode()


def of_topic(name: str) -> Origin:
    return Origin(topic=name, partition=0, offset=1, epoch="e")


@pytest.mark.parametrize(
    ("changes", "days", "refusal"),
    [
        ({}, 0, None),
        ({"attempt": 2}, 0, None),
        ({"attempt": 3}, 0, "came back 3 times"),
        ({"cut_bytes": 1}, 0, "too many to be kept"),
        ({"raw_key": None}, 0, None),
        ({"raw_value": None}, 0, None),
        ({"raw_key": None, "raw_value": None}, 0, "neither a key nor a value"),
        ({"origin": of_topic("other.exchanges")}, 0, "no topic of this deployment"),
        ({}, 4.9, None),
        ({}, 5, "TAILRACE_DEAD_LETTERS__MAX_REPLAY_AGE_S"),
        ({"origin": of_topic("tailrace.deliveries.retry-5m")}, 5, "MAX_REPLAY_AGE_S"),
        ({"origin": of_topic("tailrace.bodies")}, 13, None),
        ({"origin": of_topic("tailrace.facts")}, 13, None),
        ({"raw_value": made(9)}, 0, None),
        ({"raw_value": made(11)}, 0, "TAILRACE_METER__SEEN_TTL_S"),
        ({"raw_value": made(9)}, 1.5, "TAILRACE_METER__SEEN_TTL_S"),
        ({"raw_value": made(11), "origin": of_topic("tailrace.facts")}, 0, None),
    ],
)
def test_what_may_be_sent_again(changes: dict[str, Any], days: float, refusal: str | None) -> None:
    found = RULES.refusal(stored(**changes), NOW_S + days * DAY_S)
    assert found is None if refusal is None else refusal in str(found)


@pytest.mark.parametrize(
    "value",
    [b"", b"\xff", b"[]", b"{}", b'{"produced_at": 7}', b'{"produced_at": "soon"}', None],
)
def test_a_time_that_cannot_be_read_is_none(value: bytes | None) -> None:
    assert produced_at_s(stored(raw_value=value)) is None


def plan(**options: Any) -> Plan:
    return Plan(RULES, lambda: NOW_S, **options)


def sent_by(plan: Plan, letters: Sequence[Stored]) -> list[list[str]]:
    portions = []
    for each in letters:
        plan.take(each)
        portions += list(plan.portions())
        if plan.is_full:
            break
    portions += list(plan.portions(last=True))
    return [[each.place for each in portion] for portion in portions]


def test_what_was_sent_is_not_sent_again_unless_asked() -> None:
    letters = [stored(0, 1, replayed=True), stored(0, 2, replayed=True), stored(0, 3, attempt=9)]
    first = plan()
    assert sent_by(first, letters) == []
    assert (first.to_send, first.refused, first.sent_before) == (0, 1, 2)
    again = plan(again=True)
    assert sent_by(again, letters) == [["0:1"]]
    assert (again.to_send, again.sent_before) == (1, 2)


def test_a_letter_that_was_written_twice_is_sent_once() -> None:
    assert sent_by(plan(), [stored(0, 1), stored(0, 2), stored(0, 3, stage="archive")]) == [
        ["0:1", "0:3"]
    ]


def test_no_more_than_were_wanted() -> None:
    some = plan(limit=2)
    letters = [stored(0, number, offset_of_origin=number) for number in range(5)]
    assert sent_by(some, letters) == [["0:0", "0:1"]]


Sizes = st.lists(st.integers(0, PORTION_BYTES // 3), max_size=30)


@given(Sizes, st.integers(0, 2 * PORTION_LETTERS))
def test_portions_are_bounded_and_nothing_is_left_out(sizes: list[int], small: int) -> None:
    """In order, each once; the memory for one portion has a bound."""
    values = [bytes(size) for size in sizes] + [b"x"] * small
    letters = [
        stored(0, number, offset_of_origin=number, raw_value=value)
        for number, value in enumerate(values)
    ]
    portions = sent_by(plan(), letters)
    assert [place for portion in portions for place in portion] == [each.place for each in letters]
    size_of = {each.place: each.size_bytes for each in letters}
    for portion in portions:
        assert 0 < len(portion) <= PORTION_LETTERS
        assert sum(size_of[place] for place in portion[:-1]) < PORTION_BYTES
