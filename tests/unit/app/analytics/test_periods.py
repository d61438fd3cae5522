import pytest

from app.analytics.periods import (
    AIM_INTERVALS,
    DAY_MS,
    LADDER_S,
    Period,
    interval_s,
    period,
    rfc3339,
)
from app.errors import QueryRefused

NOW_MS = 1_790_000_000_123
DAY = Period(NOW_MS - DAY_MS, NOW_MS)


def test_without_anything_the_last_day() -> None:
    assert period([], NOW_MS) == DAY
    assert period([("to", "1970-01-03")], NOW_MS) == Period(DAY_MS, 2 * DAY_MS)
    assert period([("to", "1970-01-01T00:00:05Z")], NOW_MS) == Period(0, 5000)
    assert period([("from", "2026-01-01")], NOW_MS).to_ms == NOW_MS


def test_a_beginning_in_the_future_needs_an_end() -> None:
    with pytest.raises(QueryRefused) as raised:
        period([("from", "2290-01-01")], NOW_MS)
    assert raised.value.field == "from"


@pytest.mark.parametrize(
    ("text", "width_s"), [("30s", 30), ("5m", 300), ("1h", 3600), ("1d", 86_400)]
)
def test_widths(text: str, width_s: int) -> None:
    assert interval_s([("interval", text)], DAY) == width_s


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "-1h", "1.5h", "1w", "400d", "1s", "1h;"])
def test_what_is_no_width_or_cuts_too_fine(text: str) -> None:
    with pytest.raises(QueryRefused) as raised:
        interval_s([("interval", text)], DAY)
    assert raised.value.field == "interval"


@pytest.mark.parametrize("days", [0.001, 0.1, 1, 7, 90, 4000])
def test_a_width_that_fits_is_chosen(days: float) -> None:
    when = Period(NOW_MS - int(days * DAY_MS), NOW_MS)
    width_s = interval_s([], when)
    assert width_s == interval_s([("interval", "auto")], when)
    assert width_s in LADDER_S
    length_s = (when.to_ms - when.from_ms) / 1000
    assert length_s / width_s <= AIM_INTERVALS or width_s == LADDER_S[-1]


def test_times_are_said_in_utc() -> None:
    assert rfc3339(1500) == "1970-01-01T00:00:01.500Z"
    assert DAY.bounds == {"from": rfc3339(DAY.from_ms), "to": rfc3339(DAY.to_ms)}
