"""Which exchanges a tail wants, and queries that are none."""

from typing import Any

import pytest

from app.errors import QueryRefused
from app.live.filters import filter_of
from tests.support.live import item


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, True),
        ({"user": "alice"}, True),
        ({"user": "bob,alice"}, True),
        ({"user": "bob"}, False),
        ({"model": "gpt"}, True),
        ({"model": "gp"}, False),
        ({"status": "429"}, True),
        ({"status": "4xx"}, True),
        ({"status": "5xx,200"}, False),
        ({"outcome": "upstream_error"}, True),
        ({"outcome": "completed"}, False),
        ({"user": "alice", "outcome": "completed"}, False),
        ({"anything": "else"}, True),
    ],
)
def test_each_field_named_must_fit(query: dict[str, str], wanted: bool) -> None:
    one = item(1, user="alice", model="gpt", status=429, outcome="upstream_error")
    assert filter_of(query, "default").wants(one) == wanted
    assert not filter_of(query, "acme").wants(one)


def test_no_status_is_no_status() -> None:
    one = item(1, status=None, outcome="timeout")
    assert filter_of({}, "default").wants(one)
    assert not filter_of({"status": "2xx,5xx"}, "default").wants(one)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "ok"}, "status"),
        ({"status": "0xx"}, "status"),
        ({"status": "2000"}, "status"),
        ({"outcome": "fine"}, "outcome"),
        ({"user": ""}, "user"),
        ({"user": ",,"}, "user"),
        ({"user": ",".join(map(str, range(21)))}, "user"),
        ({"model": "x" * 513}, "model"),
    ],
)
def test_what_is_malformed_is_named(query: dict[str, Any], field: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        filter_of(query, "default")
    assert (refused.value.status, refused.value.field) == (400, field)
