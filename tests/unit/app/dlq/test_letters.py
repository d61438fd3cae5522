"""Dead letters found, shown, and what of them may be sent again."""

from datetime import timedelta
from typing import Any

import pytest

from app.dlq.letters import LetterFilter, ReplayRules, Tally, line_of, shown
from tests.support.letters import DEAD_AT, letter, stored

NOW_S = DEAD_AT.timestamp() + 3600
RULES = ReplayRules(max_attempts=3, max_age_s=86_400)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, True),
        ({"reasons": ["invalid", "undecodable"]}, True),
        ({"reasons": ["undecodable"]}, False),
        ({"stages": ["meter"]}, True),
        ({"stages": ["archive"]}, False),
        ({"topics": ["tailrace.exchanges"]}, True),
        ({"topics": ["exchanges"]}, False),
        ({"places": ["1:3"]}, True),
        ({"places": ["3:1"]}, False),
        ({"since": DEAD_AT}, True),
        ({"since": DEAD_AT + timedelta(seconds=1)}, False),
        ({"until": DEAD_AT}, False),
        ({"until": DEAD_AT + timedelta(seconds=1)}, True),
        ({"tenant": "acme", "user": "alice"}, True),
        ({"tenant": "acme", "user": "bob"}, False),
        ({"tenant": "default"}, False),
        ({"key": "acme|alice"}, True),
        ({"key": "acme"}, False),
    ],
)
def test_filters(given: dict[str, Any], wanted: bool) -> None:
    assert LetterFilter(**given).wants(stored()) == wanted


@pytest.mark.parametrize(
    ("value", "key", "found"),
    [
        (b'{"record": {"tenant": "t", "user": "u"}}', b"x", ("t", "u")),
        (b'{"user": "u"}', None, ("default", "u")),
        (b"\xff", b"t|u|v", ("t", "u|v")),
        (None, b"t|u", ("t", "u")),
        (b"[]", None, (None, None)),
        (b'{"record": 7, "user": 7}', b"nobody", (None, None)),
    ],
)
def test_whose_it_is(value: bytes | None, key: bytes | None, found: Any) -> None:
    one = stored(raw_value=value, raw_key=key)
    for tenant, user in ((found[0], found[1]), (found[0], None)):
        wanted = LetterFilter(tenant=tenant, user=user).wants(one)
        assert wanted
    assert not LetterFilter(tenant="somebody", user="else").wants(one)


def test_what_may_be_sent_again() -> None:
    assert RULES.refusal(stored(attempt=2), NOW_S) is None
    assert "came back 3 times" in str(RULES.refusal(stored(attempt=3), NOW_S))
    assert "too many to be kept" in str(RULES.refusal(stored(cut_bytes=1), NOW_S))
    assert "TAILRACE_DEAD_LETTERS" in str(RULES.refusal(stored(), NOW_S + 86_400))
    assert "--again" in str(RULES.refusal(stored(replayed=True), NOW_S))
    again = ReplayRules(3, 86_400, again=True)
    assert again.refusal(stored(replayed=True), NOW_S) is None
    assert again.refusal(stored(replayed=True, attempt=3), NOW_S) is not None


def test_a_line_is_a_line() -> None:
    line = line_of(stored(detail="bad\nnews\x1b[31m" + "x" * 500))
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.startswith("1:3 ")
    assert "sent again" in line_of(stored(replayed=True))


def test_everything_there_is_to_know() -> None:
    found = shown(stored(raw_value=b"\xff" + b"x" * 1000))
    assert (found["place"], found["value_bytes"], found["key"]) == ("1:3", 1001, "acme|alice")
    assert found["value_begins"].startswith("\\xffx")
    assert "raw_value" not in found
    assert found["origin"]["offset"] == letter().origin.offset


def test_how_many_of_each_kind() -> None:
    tally = Tally()
    for reason in ("invalid", "undecodable", "invalid"):
        tally.add(stored(reason=reason))
    assert [line.split() for line in tally.lines()] == [
        ["2", "meter", "invalid"],
        ["1", "meter", "undecodable"],
    ]
