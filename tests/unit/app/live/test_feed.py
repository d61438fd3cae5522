"""The ring: every reader at its own place, told what it missed."""

from hypothesis import given
from hypothesis import strategies as st

from app.live.feed import LiveFeed
from tests.support.live import item

ITEMS = [item(number) for number in range(40)]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5)), max_size=12), st.integers(1, 8))
def test_a_reader_sees_or_misses_each_item_once(steps: list[tuple[int, int]], kept: int) -> None:
    feed, at, seen, missed_total, added = LiveFeed(kept), 0, [], 0, 0
    for adds, limit in steps:
        for _ in range(min(adds, len(ITEMS) - added)):
            feed.add(ITEMS[added])
            added += 1
        items, missed = feed.read(at, limit)
        at += missed + len(items)
        missed_total += missed
        seen += items
    left, missed = feed.read(at, 100)
    seen += left
    assert len(seen) + missed_total + missed == added
    numbers = [ITEMS.index(each) for each in seen]
    assert numbers == sorted(set(numbers))
    assert feed.end - feed.begin == min(added, kept)


def test_going_on_after_an_item() -> None:
    feed = LiveFeed(3)
    for each in ITEMS[:5]:
        feed.add(each)
    assert feed.after(ITEMS[4].request_id) == 5
    assert feed.after(ITEMS[2].request_id) == 3
    assert feed.after(ITEMS[1].request_id) is None
    assert feed.read(3, 10) == (ITEMS[3:5], 0)


def test_whoever_waits_is_woken_once() -> None:
    feed, woken = LiveFeed(), []
    feed.wake_once(lambda: woken.append(1))

    def never() -> None:
        woken.append(2)

    feed.wake_once(never)
    feed.forget(never)
    feed.add(ITEMS[0])
    feed.add(ITEMS[1])
    assert woken == [1]
