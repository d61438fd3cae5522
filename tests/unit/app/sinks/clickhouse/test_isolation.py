from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.isolation import UNCLEAR_IN_A_ROW, insert_apart
from app.sinks.contract import Done, Fatal, RetryAfter

Kinds = {"good": Done, "bad": Fatal, "unclear": RetryAfter}


class Backend:
    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.calls = 0
        self.error: Exception | None = None

    async def insert(self, rows: Sequence[Any]) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error
        if any(row.startswith("bad") for row in rows):
            raise SinkRefused("bad data")
        if any(row.startswith("unclear") for row in rows):
            raise SinkUnavailable("16: what?", reached=True)
        self.kept += rows


async def test_nothing_wrong_is_one_insert() -> None:
    backend = Backend()
    assert await insert_apart(backend.insert, ["good"] * 500) == [Done()] * 500
    assert backend.calls == 1
    assert await insert_apart(backend.insert, []) == []


@given(rows=st.lists(st.sampled_from(["good", "good", "good", "bad"]), max_size=60))
async def test_every_good_row_is_kept_and_every_bad_one_named(rows: list[str]) -> None:
    backend = Backend()
    verdicts = await insert_apart(backend.insert, rows)
    assert [type(each) for each in verdicts] == [Kinds[row] for row in rows]
    assert backend.kept == [row for row in rows if row == "good"]


@pytest.mark.parametrize("place", [0, 250, 499])
async def test_one_bad_row_costs_a_few_inserts(place: int) -> None:
    backend = Backend()
    rows = ["good"] * 500
    rows[place] = "bad"
    verdicts = await insert_apart(backend.insert, rows)
    assert verdicts[place] == Fatal("refused", "bad data")
    assert backend.calls <= 2 * 9 + 1


async def test_a_row_that_fails_for_no_clear_reason_is_tried_again_alone() -> None:
    backend = Backend()
    rows = ["good"] * 300
    rows[100] = rows[101] = rows[299] = "unclear"
    verdicts = await insert_apart(backend.insert, rows)
    assert [number for number, each in enumerate(verdicts) if each != Done()] == [100, 101, 299]
    assert verdicts[100] == RetryAfter("16: what?")


async def test_an_engine_that_says_no_to_everything_is_soon_left_alone() -> None:
    backend = Backend()
    backend.error = SinkUnavailable("243: no space", reached=True)
    verdicts = await insert_apart(backend.insert, ["good"] * 5000)
    assert verdicts == [RetryAfter("243: no space")] * 5000
    assert backend.calls == UNCLEAR_IN_A_ROW


async def test_an_engine_that_is_away_is_asked_once() -> None:
    backend = Backend()
    backend.error = SinkUnavailable("refused", 3.0)
    assert await insert_apart(backend.insert, ["good"] * 9) == [RetryAfter("refused", 3.0)] * 9
    assert backend.calls == 1
