import asyncio
from datetime import UTC, datetime

import pytest

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.json_rows import SLICE_ROWS, in_turn, rows_of, slices_of


async def test_one_line_for_each_row() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    slices = await slices_of([["a\n", None, 1, at, {"k": "v"}], [True, 2.5]])
    assert slices == [b'["a\\n",null,1,"2026-01-02T00:00:00+00:00",{"k":"v"}]\n[true,2.5]\n']


async def test_many_rows_let_others_run_in_between() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    count_rows = SLICE_ROWS * 4 + 1
    slices = await slices_of([[number] for number in range(count_rows)])
    block = b"".join([each async for each in in_turn(slices)])
    assert await rows_of(block.replace(b"[", b'{"n":').replace(b"]", b"}")) == [
        {"n": number} for number in range(count_rows)
    ]
    counting.cancel()
    assert turns >= 12


@pytest.mark.parametrize("value", ["\ud800", 1 << 64, object()])
async def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(SinkRefused):
        await slices_of([["a"], [value]])


async def test_a_broken_answer_is_no_answer() -> None:
    with pytest.raises(SinkUnavailable):
        await rows_of(b'{"a":1}\n{"a":')


async def test_an_empty_answer_has_no_rows() -> None:
    assert await rows_of(b"") == []
