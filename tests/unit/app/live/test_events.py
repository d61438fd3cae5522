"""Server-sent events: written, and cut at any byte."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.events import HEARTBEAT, MAX_EVENT_BYTES, EventCutter, event

STREAM = event("exchange", b'{"a":1}', "id-1") + HEARTBEAT + event("missed", b'{"count":2}')


def test_an_event() -> None:
    assert STREAM.startswith(b'id: id-1\nevent: exchange\ndata: {"a":1}\n\n')


@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_cut_anywhere_whole_events_come_out(cuts: list[int]) -> None:
    cutter, places = EventCutter(), [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    written = [cutter.feed(piece) for piece in pieces]
    assert b"".join(written) == STREAM
    assert all(piece == b"" or piece.endswith(b"\n\n") for piece in written)


def test_an_event_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        EventCutter().feed(b"x" * (MAX_EVENT_BYTES + 1))
