"""Partitions that go away, or a stop, while a sink is slow, hangs, or is being waited for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from app.engine.contracts import Again, Message, Result
from tests.support.kafkaless import GENERATION
from tests.support.sinking import Fed, Recording, States, fed_app, until


@pytest.fixture
async def fed(tmp_path: Path) -> AsyncIterator[Fed]:
    async with fed_app(tmp_path) as fed:
        yield fed


async def test_what_only_waits_is_let_go_at_once(fed: Fed) -> None:
    sink, state = Recording(), States()
    sink.again = {0: Again("down", 1.0)}
    fed.batches(sink, state=state)
    await fed.feed(0)
    await until(lambda: state.waiting == {0: pytest.approx(1.0, abs=0.5)})
    await fed.app.leave_sinks(60)
    assert fed.taken == set()
    assert not state.waiting


async def test_a_write_under_way_has_a_grace_and_its_acks_count(fed: Fed) -> None:
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await fed.feed(0, 1, 2, 3, 4)
    await until(lambda: sink.under_way == 1)
    leaving = asyncio.ensure_future(fed.app.leave_sinks(60))
    await asyncio.sleep(0)
    sink.gate.set()
    await leaving
    assert fed.acked() == [0, 1, 2]
    assert sink.attempts == [[0, 1, 2]]
    assert fed.taken == set()


async def test_a_sink_that_hangs_is_cancelled_and_never_acked(
    fed: Fed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fed.app.reader, "assignment", set)
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await fed.feed(0, 1, 2)
    await until(lambda: sink.under_way == 1)
    await fed.app.reader.wait_empty()
    assert sink.under_way == 0
    assert (fed.acked(), fed.taken) == ([], set())


async def test_a_result_that_comes_after_all_counts_for_nothing(fed: Fed) -> None:
    answered = asyncio.Event()
    tables: list[BaseException] = []

    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                _ = fed.app.in_hand.partition
            except RuntimeError as exc:
                tables.append(exc)
            answered.set()
        return [None] * len(messages)

    fed.run(fed.app.process_concurrently(fed.stream, lambda each: _one(write, each), in_flight=2))
    await fed.feed(0, 1)
    await until(lambda: fed.taken == {0, 1})
    await asyncio.sleep(0.01)
    fed.app.reader._leave()
    await answered.wait()
    fed.app.reader.reading_generation = GENERATION
    await asyncio.sleep(0.01)
    assert fed.acked() == []
    assert len(tables) == 2


async def _one(write: object, message: Message) -> Result:
    (result,) = await write([message])  # type: ignore[operator]
    return result  # type: ignore[no-any-return]


async def test_the_same_messages_are_taken_again_in_the_next_generation(fed: Fed) -> None:
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await fed.feed(0, 1, 2)
    await until(lambda: sink.under_way == 1)
    await fed.app.leave_sinks(0)
    fed.app.reader._leave()
    await fed.feed(3)
    await until(lambda: fed.channel.queue.empty())
    fed.app.reader.reading_generation = GENERATION
    for loop in fed.app.async_loops:
        loop.begin_generation()
    sink.gate = None
    await fed.feed(0, 1, 2)
    await until(lambda: fed.acked() == [0, 1, 2])
    assert sink.attempts == [[0, 1, 2], [0, 1, 2]]


async def test_a_message_in_the_readers_hand_is_let_go(tmp_path: Path) -> None:
    async with fed_app(tmp_path, buffer_bytes=10) as fed:
        sink = Recording()
        sink.gate = asyncio.Event()
        fed.batches(sink)
        await fed.feed(*range(30), value=b"v" * 1_000_000)
        await until(lambda: sink.under_way == 1 and len(fed.taken) > 3)
        await fed.app.leave_sinks(0)
        await until(lambda: fed.channel.queue.empty())
        assert fed.taken == set()


async def test_a_cancelled_agent_leaves_no_write_behind(fed: Fed) -> None:
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await fed.feed(0, 1, 2)
    await until(lambda: sink.under_way == 1)
    fed.running[0].cancel()
    await until(lambda: sink.under_way == 0)
    assert fed.acked() == []
    assert fed.app.async_loops == []
