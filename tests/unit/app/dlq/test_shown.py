"""Dead letters for the eyes of an operator."""

import json

from app.dlq.shown import Tally, line_of, shown
from tests.support.letters import letter, stored


def test_a_line_is_a_line() -> None:
    line = line_of(stored(detail="bad\nnews\x1b[31m\u202e" + "x" * 500))
    assert "\n" not in line
    assert line.isascii()
    assert line.isprintable()
    assert line.startswith("1:3 ")
    assert "sent again" in line_of(stored(replayed=True))


def test_everything_there_is_to_know() -> None:
    found = shown(stored(raw_value=b"\xff" + b"x" * 1000))
    assert (found["place"], found["value_bytes"], found["key"]) == ("1:3", 1001, "acme|alice")
    assert found["value_begins"].startswith("\\xffx")
    assert "raw_value" not in found
    assert (found["tenant"], found["user"], found["head"]) == ("acme", "alice", {})
    assert found["origin"]["offset"] == letter().origin.offset
    json.dumps(found)


def test_the_head_of_a_record_that_can_be_read() -> None:
    value = b'{"record": {"user": "u", "tenant": "t", "request_id": "r", "outcome": 7}}'
    found = shown(stored(raw_value=value, raw_key=None))
    assert (found["tenant"], found["user"], found["key"]) == ("t", "u", None)
    assert found["head"] == {"request_id": "r", "outcome": "7"}


def test_how_many_of_each_kind() -> None:
    tally = Tally()
    for reason in ("invalid", "undecodable", "invalid"):
        tally.add(stored(reason=reason, replayed=reason == "undecodable"))
    *kinds, total = tally.lines()
    assert [line.split() for line in kinds] == [
        ["2", "meter", "invalid"],
        ["1", "meter", "undecodable"],
    ]
    assert total == "3 dead letters, 2 of them not sent again"
