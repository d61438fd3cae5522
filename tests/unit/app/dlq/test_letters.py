"""Dead letters found."""

from datetime import timedelta
from typing import Any

import pytest

from app.dlq.letters import LetterFilter, offsets_in
from tests.support.letters import DEAD_AT, stored


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
        ({"waiting": True}, True),
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


def test_only_what_waits() -> None:
    assert not LetterFilter(waiting=True).wants(stored(replayed=True))


def test_copies_of_a_letter_are_one_message() -> None:
    assert stored(1, 3).identity == stored(2, 9).identity
    assert stored(1, 3).identity != stored(1, 3, offset_of_origin=8).identity
    assert stored(1, 3).identity != stored(1, 3, stage="archive").identity


def test_places() -> None:
    assert offsets_in(["1:3", "1:4", "0:9", "x:1", "1", "-1:2", ""]) == {1: [3, 4], 0: [9]}
