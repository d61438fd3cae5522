import asyncio
from datetime import UTC, datetime

import pytest

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.json_rows import SLICE_ROWS, lines_of, rows_of


async def test_one_line_for_each_row() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    block = await lines_of([["a\n", None, 1, at, {"k": "v"}], [True, 2.5]])
    assert block == b'["a\\n",null,1,"2026-01-02T00:00:00+00:00",{"k":"v"}]\n[true,2.5]'


async def test_many_rows_let_others_run_in_between() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    count_rows = SLICE_ROWS * 4 + 1
    block = await lines_of([[number] for number in range(count_rows)])
    assert await rows_of(block.replace(b"[", b'{"n":').replace(b"]", b"}")) == [
        {"n": number} for number in range(count_rows)
    ]
    counting.cancel()
    assert turns >= 8


@pytest.mark.parametrize("value", ["\ud800", 1 << 64, object()])
async def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(SinkRefused):
        await lines_of([["a"], [value]])


async def test_a_broken_answer_is_no_answer() -> None:
    with pytest.raises(SinkUnavailable):
        await rows_of(b'{"a":1}\n{"a":')


async def test_an_empty_answer_has_no_rows() -> None:
    assert await rows_of(b"") == []
