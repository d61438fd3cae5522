"""Rankings of several workers as one, and their shape on the wire."""

from typing import Any

import orjson
import pytest

from app.errors import Unavailable
from tables import tally
from tables.standings import from_wire, merged, to_wire
from tables.top_users import Standing


def standing(user: str, requests: int, first_ms: int = 1, last_ms: int = 2) -> Standing:
    return Standing(user, [requests, *tally.zero()[1:]], first_ms, last_ms)


def test_the_first_of_all_and_parts_of_one_user_added() -> None:
    rankings = [
        [standing("anonymous", 3, 5, 9), standing("b", 2)],
        [standing("a", 2), standing("anonymous", 4, 2, 7)],
    ]
    found = merged(rankings, "requests", 2)
    assert found == [standing("anonymous", 7, 2, 9), standing("a", 2)]
    assert merged([], "cost", 10) == []


def test_what_is_sent_comes_back() -> None:
    """Numbers beyond 64 bits too."""
    sent = [standing("é", 10**25), standing("b", 0)]
    wire = orjson.loads(orjson.dumps([to_wire(each) for each in sent]))
    assert from_wire(wire) == sent


@pytest.mark.parametrize(
    "items",
    [None, 7, [7], [[]], [["a", [1], 1, 2]], [["a", "x" * 12, 1, 2]], [[1, [0] * 12, 1, 2]]],
)
def test_nonsense_is_no_answer(items: Any) -> None:
    with pytest.raises(Unavailable):
        from_wire(items)
