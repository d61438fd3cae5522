"""Slices through real Faust objects: fetched, buffered, taken, acked, and what puts they hold."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from app.engine.app import StreamApp
from app.engine.consumer_thread import Fetched
from app.engine.contracts import Message
from app.engine.process import process
from app.engine.slices import Slice
from tests.support.fetched import OTHER, SOURCE, offsets_in, record, subscribe
from tests.support.kafkaless import GENERATION, TOPIC, engine_app, hold


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path) as app:
        yield app


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def feed(app: StreamApp, *offsets: int) -> Any:
    """A stream whose buffer holds one slice of the source."""
    channel = app.source(TOPIC).clone(is_iterator=True)
    piece = Slice(SOURCE, [record(SOURCE, offset) for offset in offsets], GENERATION)
    piece.incref()
    channel.queue.put_nowait(app.create_event(None, None, None, piece))
    return app.stream(channel)


async def test_a_stream_that_takes_slices_gets_them_and_others_do_not(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE, OTHER)
    channels[SOURCE].queue.takes_slices = True
    records = {tp: [record(tp, offset) for offset in range(150)] for tp in (SOURCE, OTHER)}
    await app.reader._deliver(Fetched(GENERATION, records))
    pieces = [event.message for event in channels[SOURCE].queue._queue]
    assert [[each.offset for each in piece.records] for piece in pieces] == [
        list(range(100)),
        list(range(100, 150)),
    ]
    assert offsets_in(channels[OTHER]) == list(range(150))
    assert app.reader._delivered[SOURCE] == 149
    assert app.reader._read_offset[SOURCE] == 149
    assert [each.offset for each in app.reader.buffered(TOPIC)] == [0, 100]


async def test_slices_of_another_generation_are_not_delivered(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE)
    channels[SOURCE].queue.takes_slices = True
    await app.reader._deliver(Fetched(GENERATION - 1, {SOURCE: [record(SOURCE, 0)]}))
    assert channels[SOURCE].queue.empty()
    assert SOURCE not in app.reader._delivered


async def test_a_slice_that_is_handled_is_acked_to_its_end(app: StreamApp) -> None:
    stream = await feed(app, 3, 4, 9)
    seen: list[Message] = []
    working = asyncio.ensure_future(process(app, stream, seen.append))
    await turns()
    assert [each.position.offset for each in seen] == [3, 4, 9]
    assert app.reader._acked[SOURCE] == [9]
    assert app.reader._new_offset(SOURCE) == 10
    assert not app.reader._unacked_messages
    working.cancel()
    await asyncio.wait([working])


async def test_a_slice_in_work_holds_the_commit_at_what_is_handled(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.process.TURN_S", -1.0)
    stream = await feed(app, 3, 4, 5)
    lowest: list[dict[TP, int]] = []

    def handle(message: Message) -> None:
        lowest.append(app.reader._lowest_taken())

    working = asyncio.ensure_future(process(app, stream, handle))
    await turns()
    assert lowest == [{SOURCE: 3}, {SOURCE: 4}, {SOURCE: 5}]
    working.cancel()
    await asyncio.wait([working])


async def test_a_handler_that_raises_in_a_slice_acks_and_writes_nothing(app: StreamApp) -> None:
    table = app.store("t")
    store = hold(app, "t", 0)
    stream = await feed(app, 0, 1, 2)

    def handle(message: Message) -> None:
        table.put(b"k%d" % message.position.offset, b"v")
        if message.position.offset == 1:
            raise RuntimeError("boom")

    await process(app, stream, handle)
    assert isinstance(app.failure, RuntimeError)
    assert not app.reader._acked
    assert store.database(0).get(b"k0") is None
    assert app.outbox.size == 0
    await stream.stop()


async def test_a_slice_that_is_revoked_between_two_turns_is_left(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.process.TURN_S", -1.0)
    stream = await feed(app, 0, 1, 2)
    handled: list[int] = []

    def handle(message: Message) -> None:
        handled.append(message.position.offset)
        asyncio.get_running_loop().call_soon(app.reader._leave)

    working = asyncio.ensure_future(process(app, stream, handle))
    await turns()
    assert handled == [0]
    assert app.reader._acked == {}
    assert app.failure is None
    working.cancel()
    await asyncio.wait([working])


async def test_puts_are_read_back_at_once_and_written_once_at_the_end_of_a_turn(
    app: StreamApp,
) -> None:
    table = app.store("t")
    store = hold(app, "t", 0)
    stream = await feed(app, 0, 1, 2)
    counted: list[bytes | None] = []

    def handle(message: Message) -> None:
        known = table.get(b"user")
        counted.append(known)
        table.put(b"user", b"%d" % (int(known or 0) + 1))
        table.put(b"id%d" % message.position.offset, b"seen")
        assert store.database(0).get(b"user") is None
        assert app.outbox.size == 0

    working = asyncio.ensure_future(process(app, stream, handle))
    await turns()
    assert counted == [None, b"1", b"2"]
    assert store.database(0).get(b"user") == b"3"
    queued = [(each.partition, each.key, each.value) for each in app.outbox._queue]
    assert sorted(queued) == [
        (0, b"id0", b"seen"),
        (0, b"id1", b"seen"),
        (0, b"id2", b"seen"),
        (0, b"user", b"3"),
    ]
    assert not store.is_durable(0)
    working.cancel()
    await asyncio.wait([working])
