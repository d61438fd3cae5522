"""Sinks that are down, slow, hang or refuse, on a real broker; the meter beside them goes on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import pytest

from app.engine.app import StreamApp
from app.engine.contracts import BatchLimits
from app.record.codec import decode_dead_letter
from app.sinks.contract import Verdict
from app.sinks.memory import MemorySink
from tests.support.counting import (
    expected,
    produce,
    read_all,
    running,
    supervised,
    totals,
    until,
    until_committed,
)
from tests.support.kafka import KafkaBroker
from tests.support.produce import produce_raw
from tests.support.sunk import Sunk, options, trouble

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def memory_sink() -> MemorySink[str]:
    return MemorySink(key_of=str)


def numbers(count: int) -> set[str]:
    return {str(number) for number in range(count)}


async def until_lag(app: StreamApp, topic: str, records: int) -> float:
    """Wait until a topic is so far behind; its age."""
    while True:
        lag = (await app.lags(ask=True)).get(topic)
        if lag is not None and lag.records == records:
            assert lag.age_s is not None
            return lag.age_s
        await asyncio.sleep(0.1)


async def test_a_sink_that_is_down_stops_nobody_and_gets_everything_later(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    sunk = Sunk(options(servers, name, tmp_path), memory_sink())
    await sunk.create_topics(kafka_broker)
    async with running(sunk):
        async with trouble(sunk.sink):
            await produce(servers, name, range(2000))
            await until(lambda: len(sunk.handled) == 2000)
            assert totals(sunk.app) == expected(2000)
            age_s = await until_lag(sunk.app, f"{name}.out", 2000)
            assert await until_lag(sunk.app, name, 0) < 30
            await until(lambda: len(sunk.app.reader.rewound) == 4)
            assert await until_lag(sunk.app, f"{name}.out", 2000) > age_s
            assert sunk.watch.state == "down"
            assert sunk.sink.kept == {}
            assert not [m for m in sunk.app.reader._unacked_messages if m.topic != name]
        await until(lambda: set(sunk.sink.kept) == numbers(2000))
        await until_committed(servers, name, f"{name}.out", 2000)
        await until_lag(sunk.app, f"{name}.out", 0)
        assert sunk.app.failure is None


async def test_poison_in_the_middle_of_a_batch_goes_alone(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    sink = memory_sink()
    sink.poison, sink.stubborn = {"poison"}, {"stubborn"}
    sunk = Sunk(options(servers, name, tmp_path), sink, source=f"{name}.raw")
    await sunk.create_topics(kafka_broker)
    values = [b"%d" % number for number in range(400)]
    values[100:100], values[200:200], values[300:300] = [b"poison"], [b"\xff"], [b"stubborn"]
    await produce_raw(servers, f"{name}.raw", [(None, value) for value in values[:350]])
    async with running(sunk):
        await until(lambda: len(sink.kept) == 347)
        await produce_raw(servers, f"{name}.raw", [(None, value) for value in values[350:]])
        await until(lambda: set(sink.kept) == numbers(400))
        # Neighbours for an item that fails: they show that the backend is well.
        while len(await read_all(servers, f"{name}.dead")) < 3:
            await produce_raw(servers, f"{name}.raw", [(None, b"%d" % n) for n in range(20)])
    letters = [decode_dead_letter(m.value) for m in await read_all(servers, f"{name}.dead")]
    assert {(letter.raw_value, letter.reason) for letter in letters} == {
        (b"poison", "sink_refused"),
        (b"\xff", "undecodable"),
        (b"stubborn", "attempts_exhausted"),
    }
    assert len(letters) == 3


async def test_a_stop_does_not_wait_for_a_sink_that_hangs(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    sink = memory_sink()
    sink.slow = asyncio.Event()
    first = Sunk(options(servers, name, tmp_path), sink)
    await first.create_topics(kafka_broker)
    await produce(servers, name, range(1000))
    async with running(first):
        await until(lambda: len(first.handled) == 1000 and len(sink.batches) >= 4)
        began_s = monotonic()
        await first.app.stop()
        assert monotonic() - began_s < first.app.options.drain_timeout_s
    sink.slow = None
    sink.kept.clear()
    second = Sunk(options(servers, name, tmp_path), sink)
    async with running(second):
        await until(lambda: set(sink.kept) == numbers(1000))
        await until_committed(servers, name, f"{name}.out", 1000)
        assert totals(second.app) == expected(1000)


async def test_a_sink_with_a_bug_does_not_end_the_incarnation(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    sunk = Sunk(options(servers, name, tmp_path), Buggy(key_of=str))
    await sunk.create_topics(kafka_broker)

    async def build() -> StreamApp:
        return sunk.app

    async with supervised(build) as side:
        await produce(servers, name, range(1000))
        await until(lambda: len(sunk.handled) == 1000 and sunk.sink.raised > 8)
        # Between a wait and the attempt after it nobody waits.
        await until(lambda: sunk.watch.state == "failing")
        assert (side.state, side.restarts_total) == ("running", 0)
        sunk.sink.is_mended = True
        await until(lambda: set(sunk.sink.kept) == numbers(1000))


class Buggy(MemorySink[str]):
    """A sink that raises until it is mended."""

    raised = 0
    is_mended = False

    async def write(self, batch: Sequence[str]) -> list[Verdict]:
        """Raise, against the contract."""
        if not self.is_mended:
            self.raised += 1
            raise RuntimeError("a bug")
        return await super().write(batch)


async def test_a_slow_sink_keeps_memory_bounded(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """100 MB for a sink at a tenth of the speed: what is held stays a small part of it."""
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    sink = memory_sink()
    opts = options(servers, name, tmp_path, buffer_bytes=2 << 20, buffer_records=200)
    sunk = Sunk(opts, sink, BatchLimits(count=50, bytes=1 << 20, age_s=0.1), source=f"{name}.raw")
    await sunk.create_topics(kafka_broker)
    sending = asyncio.ensure_future(
        produce_raw(
            servers, f"{name}.raw", [(None, b"%d:" % n + b"v" * 50_000) for n in range(2000)]
        )
    )
    sink.slow = asyncio.Event()
    held_bytes = 0
    async with running(sunk):
        releasing = asyncio.ensure_future(_release_slowly(sink))
        while len(sink.kept) < 1000 or not sending.done():
            held_bytes = max(held_bytes, _held_bytes(sunk.app, f"{name}.raw"))
            await asyncio.sleep(0.01)
        releasing.cancel()
        await asyncio.wait([releasing])
        sink.slow.set()
        await until(lambda: len(sink.kept) == 2000)
    assert 0 < held_bytes < 12 << 20


async def _release_slowly(sink: MemorySink[str]) -> None:
    assert sink.slow is not None
    while True:
        sink.slow.set()
        await asyncio.sleep(0)
        sink.slow.clear()
        await asyncio.sleep(0.04)


def _held_bytes(app: StreamApp, topic: str) -> int:
    """What streams have taken or could take of a topic."""
    messages = [*app.reader._unacked_messages, *app.reader.buffered(topic)]
    return sum(len(message.value or b"") for message in messages if message.topic == topic)
