from typing import Any

import pytest

from app.analytics.cursor import Place, decode, encode
from app.analytics.listing import MAX_LIMIT, exchange_query, listing_of
from app.analytics.row import COLUMNS, row_of
from app.errors import QueryRefused
from tests.support.facts import fact
from tests.support.records import REQUEST_ID


def rows(count: int) -> list[dict[str, Any]]:
    row = dict(zip(COLUMNS, row_of(fact()), strict=True))
    row["started_at"] = "1970-01-01T00:00:01.500Z"
    return [row] * count


def test_one_more_is_asked_for_than_is_shown() -> None:
    listing = listing_of([("limit", "2")], "t")
    assert listing.sql.endswith("LIMIT 3")
    answer = listing.answer(rows(3))
    assert len(answer["items"]) == 2
    assert decode(answer["next_cursor"]) == Place(1500, REQUEST_ID)
    assert listing.answer(rows(2))["next_cursor"] is None
    assert listing.answer([]) == {"items": [], "next_cursor": None}


def test_a_cursor_is_bound() -> None:
    listing = listing_of([("cursor", encode(Place(1500, REQUEST_ID)))], "t")
    assert REQUEST_ID not in listing.sql
    assert list(listing.parameters.values()) == ["t", 1500, REQUEST_ID]


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "1000000"), ("limit", "0"), ("limit", "x"), ("cursor", "x"), ("offset", "1")],
)
def test_bad_parameters_are_named(name: str, value: str) -> None:
    with pytest.raises(QueryRefused) as raised:
        listing_of([(name, value)], "t")
    assert raised.value.field == name
    assert MAX_LIMIT < 1_000_000


def test_one_exchange_is_found_by_its_key() -> None:
    sql, parameters = exchange_query("t", "anything' OR 1=1")
    assert "anything" not in sql
    assert list(parameters.values()) == ["t", 0, "anything' OR 1=1"]
