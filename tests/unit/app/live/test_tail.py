"""One client's tail: from where it was, paced, told what it missed."""

import json

from app.clock import ManualClock
from app.live.events import HEARTBEAT
from app.live.feed import LiveFeed
from app.live.filters import filter_of
from app.live.tail import Tail, TailPace
from tests.support.live import item

ALL = filter_of({}, "default")
QUICK = TailPace(gather_s=0, heartbeat_s=0.01)


def ids(piece: bytes) -> list[str]:
    return [line[4:] for line in piece.decode().splitlines() if line.startswith("id: ")]


def counts(piece: bytes) -> list[int | None]:
    events = piece.decode().split("\n\n")
    found = [each.partition("data: ")[2] for each in events if each.startswith("event: missed")]
    return [json.loads(each)["count"] for each in found]


def test_from_now_on_what_is_wanted() -> None:
    feed, items = LiveFeed(), [item(number, user=f"u{number % 2}") for number in range(6)]
    feed.add(items[0])
    tail = Tail(feed, filter_of({"user": "u1"}, "default"), TailPace(), ManualClock())
    for each in items[1:]:
        feed.add(each)
    piece = tail.next_piece()
    assert ids(piece) == [each.request_id for each in items if each.user == "u1"]
    assert counts(piece) == []
    assert tail.next_piece() == b""


def test_more_than_a_person_reads_is_counted_and_not_shown() -> None:
    feed, clock = LiveFeed(), ManualClock()
    tail = Tail(feed, ALL, TailPace(max_per_s=10, burst=10), clock)
    items = [item(number) for number in range(30)]
    for each in items:
        feed.add(each)
    piece = tail.next_piece()
    assert (ids(piece), counts(piece)) == ([each.request_id for each in items[20:]], [20])
    clock.advance(0.5)
    for each in items[:8]:
        feed.add(each)
    piece = tail.next_piece()
    assert (len(ids(piece)), counts(piece)) == (5, [3])


def test_a_slow_reader_is_told_what_it_missed() -> None:
    feed = LiveFeed(5)
    tail = Tail(feed, ALL, TailPace(), ManualClock())
    for number in range(12):
        feed.add(item(number))
    piece = tail.next_piece()
    assert (len(ids(piece)), counts(piece)) == (5, [None])
    assert tail.next_piece() == b""


def test_a_slow_reader_is_not_told_of_other_tenants() -> None:
    feed = LiveFeed(5)
    tail = Tail(feed, ALL, TailPace(), ManualClock())
    for number in range(12):
        feed.add(item(number, tenant="other"))
    piece = tail.next_piece()
    assert (ids(piece), counts(piece)) == ([], [None])


async def test_it_goes_on_after_the_last_event_or_says_that_it_cannot() -> None:
    feed, items = LiveFeed(), [item(number) for number in range(4)]
    for each in items:
        feed.add(each)
    known = Tail(feed, ALL, QUICK, ManualClock(), items[1].request_id)
    assert ids(known.next_piece()) == [each.request_id for each in items[2:]]
    for place in ("unknown", items[1].request_id):
        events = Tail(feed, ALL, QUICK, ManualClock(), place, is_one_of_many=True).events()
        assert (await anext(events)).startswith(b"retry:")
        assert counts(await anext(events)) == [None]
        await events.aclose()
    new = Tail(feed, ALL, QUICK, ManualClock(), is_one_of_many=True).events()
    await anext(new)
    assert await anext(new) == HEARTBEAT
    await new.aclose()


async def test_heartbeats_where_there_is_nothing() -> None:
    feed = LiveFeed()
    events = Tail(feed, ALL, QUICK, ManualClock()).events()
    await anext(events)
    assert await anext(events) == HEARTBEAT
    feed.add(item(1))
    assert ids(await anext(events)) == [item(1).request_id]
    assert await anext(events) == HEARTBEAT
    await events.aclose()
