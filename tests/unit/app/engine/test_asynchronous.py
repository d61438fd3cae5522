import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from faust.types import TP

from app.engine.contracts import Again, BatchLimits, Message, Result
from app.errors import TailraceError
from tests.support.kafkaless import TOPIC
from tests.support.sinking import Fed, Recording, States, fed_app, until

SOURCE = TP(TOPIC, 0)


@pytest.fixture
async def fed(tmp_path: Path) -> AsyncIterator[Fed]:
    async with fed_app(tmp_path) as fed:
        yield fed


async def test_batches_by_count_then_by_age_and_acks_in_order(fed: Fed) -> None:
    sink, state = Recording(), States()
    fed.batches(sink, state=state)
    await fed.feed(*range(7))
    await until(lambda: len(fed.acked()) == 7)
    assert sink.attempts == [[0, 1, 2], [3, 4, 5], [6]]
    assert fed.acked() == list(range(7))
    assert fed.taken == set()
    assert state.attempts == [(3, 3), (3, 3), (1, 1)]


async def test_partitions_do_not_wait_for_each_other(fed: Fed) -> None:
    sink = Recording()
    sink.again = {0: Again("down")}
    fed.batches(sink)
    await fed.feed(0, partition=1)
    await fed.feed(10, 11, 12, partition=2)
    await until(lambda: fed.acked(2) == [10, 11, 12])
    assert fed.acked(1) == []


async def test_only_what_is_left_is_tried_again(fed: Fed) -> None:
    sink, state = Recording(), States()
    sink.again = {1: Again("down")}
    fed.batches(sink, state=state)
    await fed.feed(0, 1, 2)
    await until(lambda: len(sink.attempts) > 3)
    assert fed.acked() == [0]
    assert sink.attempts[:2] == [[0, 1, 2], [1]]
    assert state.waiting
    sink.again = {}
    await until(lambda: fed.acked() == [0, 1, 2])
    assert not state.waiting


async def test_what_a_sink_raises_is_tried_again_and_ends_nothing(fed: Fed) -> None:
    sink = Recording()
    sink.raises = RuntimeError("a bug")
    fed.batches(sink)
    await fed.feed(0, 1, 2)
    await until(lambda: len(sink.attempts) > 2)
    assert fed.app.failure is None
    assert fed.acked() == []
    sink.raises = None
    await until(lambda: fed.acked() == [0, 1, 2])


async def test_a_full_lane_pauses_its_partition_until_there_is_room(fed: Fed) -> None:
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await fed.feed(*range(5))
    await until(lambda: fed.taken == set(range(5)))
    assert SOURCE not in fed.app.reader.held
    await fed.feed(5)
    await until(lambda: SOURCE in fed.app.reader.held)
    sink.gate.set()
    await until(lambda: len(fed.acked()) == 6)
    assert SOURCE not in fed.app.reader.held


async def test_a_stream_is_not_read_beyond_what_may_be_held(tmp_path: Path) -> None:
    async with fed_app(tmp_path, buffer_bytes=3000) as fed:
        sink = Recording()
        sink.gate = asyncio.Event()
        fed.batches(sink, BatchLimits(count=1000, bytes=1500, age_s=0.05))
        for partition in range(4):
            await fed.feed(0, 1, 2, 3, partition=partition, value=b"v" * 500)
        await until(lambda: sink.under_way > 0)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(fed.app.reader._unacked_messages) == 4
        sink.gate.set()
        await until(lambda: all(len(fed.acked(each)) == 4 for each in range(4)))


async def test_handlers_run_together_and_acks_keep_the_order(fed: Fed) -> None:
    gates = {offset: asyncio.Event() for offset in range(4)}
    started = []

    async def handle(message: Message) -> Result:
        started.append(message.position.offset)
        await gates[message.position.offset].wait()
        return None

    fed.run(fed.app.process_concurrently(fed.stream, handle, in_flight=3))
    await fed.feed(*range(4))
    await until(lambda: started == [0, 1, 2])
    gates[1].set()
    gates[2].set()
    await until(lambda: started == [0, 1, 2, 3])
    assert fed.acked() == []
    gates[0].set()
    await until(lambda: fed.acked() == [0, 1, 2])
    gates[3].set()
    await until(lambda: fed.acked() == [0, 1, 2, 3])


async def test_tables_are_those_of_the_own_partition_after_an_await_too(fed: Fed) -> None:
    seen: list[tuple[int, int]] = []

    async def handle(message: Message) -> Result:
        for _ in range(5):
            await asyncio.sleep(0)
            seen.append((message.position.partition, fed.app.in_hand.partition))
        return None

    fed.run(fed.app.process_concurrently(fed.stream, handle, in_flight=2))
    for partition in range(4):
        await fed.feed(0, 1, partition=partition)
    await until(lambda: all(fed.acked(each) == [0, 1] for each in range(4)))
    assert len(seen) == 40
    assert all(own == found for own, found in seen)


async def test_a_message_that_comes_out_of_order_ends_the_incarnation(fed: Fed) -> None:
    sink = Recording()
    sink.gate = asyncio.Event()
    fed.batches(sink)
    await fed.feed(5, 4)
    await until(lambda: fed.app.failure is not None)
    assert isinstance(fed.app.failure, TailraceError)
    assert fed.acked() == []


async def test_after_a_failure_nothing_is_written_any_more(fed: Fed) -> None:
    sink = Recording()
    fed.batches(sink)
    fed.app.fail_stop(RuntimeError("elsewhere"))
    await fed.feed(0, 1, 2)
    for _ in range(30):
        await asyncio.sleep(0.002)
    assert sink.attempts == []
    assert fed.taken == set()


@pytest.mark.parametrize("retry_bytes", [100_000])
async def test_what_is_done_out_of_order_is_held_without_its_bytes(
    fed: Fed, retry_bytes: int
) -> None:
    gate = asyncio.Event()

    async def handle(message: Message) -> Result:
        if message.position.offset == 0:
            await gate.wait()
        return None

    fed.run(fed.app.process_concurrently(fed.stream, handle, in_flight=2))
    await fed.feed(*range(20), value=b"v" * retry_bytes)
    held = fed.app.reader._unacked_messages
    await until(lambda: len(held) == 20 and sum(len(each.value or b"") for each in held) == 100_000)
    gate.set()
    await until(lambda: len(fed.acked()) == 20)
