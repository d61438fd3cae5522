"""A tail as lines of a terminal."""

import orjson

from app.live.events import HEARTBEAT, event
from app.live.lines import HEADINGS, EventReader, lines_of
from app.live.tail import missed
from tests.support.live import item


def printed(stream: bytes) -> list[str]:
    reader, lines = EventReader(), []
    for line in stream.decode().split("\n"):
        if (found := reader.feed(line)) is not None:
            lines += lines_of(*found)
    return lines


def test_a_line_for_each_exchange_and_for_what_was_missed() -> None:
    priced, unpriced = item(2, user="alice"), item(1, status=None, outcome="timeout", usage=None)
    away = event("worker_away", orjson.dumps({"worker": "http://w"}))
    pieces = [event("exchange", each.data, each.request_id) for each in (priced, unpriced)]
    stream = b"retry: 2000\n\n" + HEARTBEAT + pieces[0] + missed(3) + pieces[1] + away
    first, gap, second, left = printed(stream + missed(None) + event("newer", b"{}"))[:4]
    assert "alice" in first
    assert " 200 completed " in first
    assert second.split()[1:3] == ["-", "timeout"]
    assert gap == "-- 3 not shown"
    assert left == "-- http://w is away: its exchanges are missing"
    assert len(HEADINGS.split()) == len(first.split()) - 1


def test_what_nobody_knows() -> None:
    assert printed(missed(None)) == ["-- some not shown"]
