"""The parameters of the queries of live tables."""

import pytest

from app.errors import QueryRefused
from tables.query import DEFAULT_LIMIT, MAX_LIMIT, limit_of, may_be_stale, order_of


def test_what_is_not_said_has_a_default() -> None:
    assert (order_of(None), limit_of(None)) == ("cost", DEFAULT_LIMIT)
    assert (order_of("errors"), limit_of(str(MAX_LIMIT))) == ("errors", MAX_LIMIT)


@pytest.mark.parametrize("limit", ["0", "-1", "", " 1", "1e3", str(MAX_LIMIT + 1), "١"])
def test_a_limit_that_is_none(limit: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        limit_of(limit)
    assert (refused.value.status, refused.value.field) == (400, "limit")


def test_an_order_that_is_none() -> None:
    with pytest.raises(QueryRefused) as refused:
        order_of("COST")
    assert (refused.value.status, refused.value.field) == (400, "sort")


def test_a_copy_is_welcome_only_where_that_is_said() -> None:
    assert (may_be_stale(None), may_be_stale("ok")) == (False, True)
    for stale in ("", "OK", "true", "1"):
        with pytest.raises(QueryRefused) as refused:
            may_be_stale(stale)
        assert (refused.value.status, refused.value.field) == (400, "stale")
