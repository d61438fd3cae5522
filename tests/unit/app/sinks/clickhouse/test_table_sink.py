import asyncio
from collections.abc import Sequence
from typing import Any

from app.sinks.clickhouse.memory import MemoryAnalytics
from app.sinks.clickhouse.table_sink import MAX_JOINED_ROWS, TableSink
from app.sinks.contract import Done, Fatal, RetryAfter


class Gated(MemoryAnalytics):
    def __init__(self) -> None:
        super().__init__({"t": ["id"]})
        self.gate = asyncio.Event()
        self.gate.set()

    async def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        await self.gate.wait()
        await super().insert(table, columns, rows)


def made() -> tuple[Gated, TableSink]:
    engine = Gated()
    return engine, TableSink(engine, "t", ("id", "n"), name="x", pause_s=0)


def rows(*numbers: int) -> list[list[int]]:
    return [[number, number] for number in numbers]


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_batches_that_come_together_go_in_together() -> None:
    engine, sink = made()
    engine.gate.clear()
    writing = [asyncio.ensure_future(sink.write(rows(number))) for number in range(4)]
    await turn()
    engine.gate.set()
    assert await asyncio.gather(*writing) == [[Done()]] * 4
    assert [count for _, count in engine.inserts] in ([1, 3], [4])
    assert len(engine.rows("t")) == 4


async def test_each_gets_the_verdicts_of_its_own_rows() -> None:
    engine, sink = made()
    engine.poison = lambda row: row["n"] == 3
    engine.gate.clear()
    batches = [rows(1, 2), rows(3), rows(4, 5)]
    writing = [asyncio.ensure_future(sink.write(batch)) for batch in batches]
    await turn()
    engine.gate.set()
    verdicts = await asyncio.gather(*writing)
    assert [[type(each) for each in batch] for batch in verdicts] == [
        [Done, Done],
        [Fatal],
        [Done, Done],
    ]


async def test_a_writer_that_gives_up_leaves_the_others_alone() -> None:
    engine, sink = made()
    engine.gate.clear()
    first, second, third = (asyncio.ensure_future(sink.write(rows(n))) for n in range(3))
    await turn()
    second.cancel()
    await turn()
    engine.gate.set()
    assert await first == [Done()]
    assert await third == [Done()]
    assert second.cancelled()


async def test_a_joined_insert_is_bounded() -> None:
    engine, sink = made()
    engine.gate.clear()
    half = rows(*range(MAX_JOINED_ROWS // 2))
    writing = [asyncio.ensure_future(sink.write(half)) for _ in range(5)]
    await turn()
    engine.gate.set()
    await asyncio.gather(*writing)
    assert max(count for _, count in engine.inserts) <= MAX_JOINED_ROWS


async def test_what_waits_at_the_close_is_left_to_be_tried_again() -> None:
    engine, sink = made()
    engine.gate.clear()
    writing = [asyncio.ensure_future(sink.write(rows(number))) for number in range(2)]
    await turn()
    await sink.close()
    await sink.close()
    for verdicts in await asyncio.gather(*writing):
        assert [type(each) for each in verdicts] == [RetryAfter]
    assert await sink.write(rows(9)) == [RetryAfter("closed")]
    assert engine.rows("t") == []
