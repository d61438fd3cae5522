"""One look at the ring for all tails with the same filter."""

from app.clock import ManualClock
from app.live.allowance import Allowance
from app.live.feed import LiveFeed
from app.live.filters import filter_of
from app.live.selection import TRIM_ITEMS, Selection
from tests.support.live import item

ALL = filter_of({}, "default")
BOB = filter_of({"user": "bob"}, "default")


def plenty() -> Allowance:
    return Allowance(0, 10**6, ManualClock())


def test_all_readers_are_shown_the_same_few_and_told_of_the_others() -> None:
    feed, clock = LiveFeed(100), ManualClock()
    found = Selection(feed, ALL, Allowance(2, 3, clock))
    items = [item(number) for number in range(30)]
    for each in items[:10]:
        feed.add(each)
    assert found.after(0) == (items[7:10], 7)
    clock.advance(1)
    for each in items[10:20]:
        feed.add(each)
    assert found.after(0) == ([*items[7:10], *items[18:20]], 15)
    assert found.after(10) == (items[18:20], 8)
    assert found.after(19) == (items[19:20], 0)


def test_the_wanted_ones_from_a_number_on() -> None:
    feed = LiveFeed(10)
    items = [item(number, user="bob" if number % 3 == 0 else "eve") for number in range(9)]
    for each in items:
        feed.add(each)
    found = Selection(feed, BOB, plenty())
    assert found.after(0) == ([items[0], items[3], items[6]], 0)
    assert found.after(3) == ([items[3], items[6]], 0)
    assert found.after(4) == ([items[6]], 0)
    assert found.after(9) == ([], 0)


def test_what_left_the_ring_is_counted_if_it_was_looked_at() -> None:
    feed, items = LiveFeed(4), [item(number) for number in range(10)]
    found = Selection(feed, ALL, plenty())
    for each in items[:3]:
        feed.add(each)
    assert found.after(0) == (items[:3], 0)
    for each in items[3:6]:
        feed.add(each)
    assert found.after(0) == (items[2:6], 2)
    for each in items[6:]:
        feed.add(each)
    assert found.after(0) == (items[6:], 6)
    assert found.after(8) == (items[8:], 0)


def test_nobody_knows_how_many_left_the_ring_unseen() -> None:
    feed, items = LiveFeed(4), [item(number) for number in range(10)]
    found = Selection(feed, ALL, plenty())
    for each in items:
        feed.add(each)
    assert found.after(0) == (items[6:], None)
    assert found.after(5)[1] is None
    assert found.after(6) == (items[6:], 0)


def test_others_are_never_counted() -> None:
    feed = LiveFeed(10)
    found = Selection(feed, BOB, Allowance(2, 1, ManualClock()))
    feed.add(item(0, user="bob"))
    for _ in range(9):
        for number in range(5):
            feed.add(item(number, user="eve"))
        assert found.after(0)[1] is not None
    assert found.after(0) == ([], 1)
    assert found.after(1) == ([], 0)


def test_it_keeps_no_more_than_the_ring_and_a_bit() -> None:
    feed, one = LiveFeed(3), item(1)
    found = Selection(feed, ALL, plenty())
    for _ in range(3 * TRIM_ITEMS):
        feed.add(one)
        found.after(feed.end)
    assert len(found.after(0)[0]) == 3
    assert found.after(0)[1] is None
    assert found.after(feed.begin)[1] == 0
    assert len(found._items) <= TRIM_ITEMS + 4


def test_the_same_filter_shares_it_and_nobody_keeps_it() -> None:
    feed = LiveFeed()
    one, same = (
        feed.selection(BOB, plenty()),
        feed.selection(filter_of({"user": "bob"}, "default"), plenty()),
    )
    assert one is same
    assert feed.selection(ALL, plenty()) is not one
    del one, same
    assert BOB not in feed._selections
