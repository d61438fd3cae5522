from collections.abc import Callable
from typing import Any

import pytest

from app.analytics.parameters import (
    many,
    one,
    only_known,
    time_ms,
    whole_number,
    yes_or_no,
)
from app.errors import QueryRefused


def refusal(call: Callable[[], Any]) -> QueryRefused:
    with pytest.raises(QueryRefused) as raised:
        call()
    assert raised.value.status == 400
    return raised.value


def test_a_parameter_given_once() -> None:
    assert one([("a", "1"), ("b", "2")], "a") == "1"
    assert one([], "a") is None
    assert refusal(lambda: one([("a", "1"), ("a", "2")], "a")).field == "a"


def test_a_parameter_given_several_times() -> None:
    pairs = [("a", "x,y"), ("a", "z"), ("a", "z")]
    assert many(pairs, "a") == ["x,y", "z"]
    assert many(pairs, "a", by_comma=True) == ["x", "y", "z"]
    assert many(pairs, "b") == []


@pytest.mark.parametrize(
    "values", [[""], ["x" * 513], ["\x00"], ["\ud800"], list(map(str, range(21)))]
)
def test_values_are_bounded_text(values: list[str]) -> None:
    assert refusal(lambda: many([("a", each) for each in values], "a")).field == "a"


def test_what_nobody_reads_is_refused() -> None:
    only_known([("a", "1"), ("property.x", "2")], {"a"}, ["property."])
    error = refusal(lambda: only_known([("usr", "1")], {"user"}))
    assert error.field == "usr"
    assert "user" in str(error)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "0", "1001", "9" * 30, " 1", "٣"])
def test_what_is_no_whole_number_within_bounds(text: str) -> None:
    assert refusal(lambda: whole_number([("n", text)], "n", least=1, most=1000)).field == "n"


def test_whole_numbers() -> None:
    assert whole_number([("n", "1000")], "n", least=1, most=1000) == 1000
    assert whole_number([], "n") is None


def test_yes_and_no() -> None:
    assert yes_or_no([("b", "true")], "b") is True
    assert yes_or_no([("b", "false")], "b") is False
    assert yes_or_no([], "b") is None
    assert refusal(lambda: yes_or_no([("b", "1")], "b")).field == "b"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02", 86_400_000),
        ("1970-01-01t00:00:01.5z", 1500),
        ("1970-01-01T01:00:00.001999999+01:00", 1),
        ("2026-01-31 09:30:00-02:30", 1_769_860_800_000),
    ],
)
def test_times(text: str, ms: int) -> None:
    assert time_ms([("from", text)], "from") == ms


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "1700000000", "2026-01-31T09:30:00", "2026-13-01", "2026-02-30T00:00:00Z"),
        *("1969-12-31T23:59:59Z", "2300-01-01", "0000-00-00", "2026-01-01T00:00:00+25:00"),
        *("2026-W05", "20260131T093000Z", "2026-01-01T24:00:00Z;DROP"),
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert refusal(lambda: time_ms([("from", text)], "from")).field == "from"
