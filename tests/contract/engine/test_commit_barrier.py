"""Stock Faust commits before effects are durable; the engine waits for exactly those it must."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.producer import ProducerBuffer
from faust.types import TP

from app.engine.app import StreamApp
from app.engine.outbox import DeliveryError, Outbox
from tests.support.kafkaless import TOPIC, engine_app, stock_app, take

SOURCE = TP(TOPIC, 0)


class Broker:
    """Takes what the outbox sends, and answers when and how a test says."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.answers: list[asyncio.Future[Any]] = []
        self.at_once = False

    async def send(self, outgoing: Any) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.sent.append(outgoing)
        self.answers.append(future)
        if self.at_once:
            self.ack(len(self.answers) - 1)
        return future

    def ack(self, index: int) -> None:
        self.answers[index].set_result(SimpleNamespace(partition=0, offset=index))

    def refuse(self, index: int) -> None:
        self.answers[index].set_exception(RuntimeError("no"))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path) as app:
        app.outbox.send = Broker().send
        await app.outbox.start()
        yield app
        await app.outbox.stop()


@pytest.fixture
def broker(app: StreamApp) -> Broker:
    broker = Broker()
    app.outbox.send = broker.send
    return broker


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_stock_flush_returns_with_messages_unsent(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        buffer: Any = ProducerBuffer()
        buffer.app = app
        held = asyncio.Event()

        async def never(fut: Any) -> None:
            await held.wait()

        buffer._send_pending = never
        await buffer.start()
        for each in range(10):
            buffer.put(each)
        await buffer.flush()
        assert buffer.size == 9
        held.set()
        await turns()
        await buffer.stop()


async def test_a_barrier_waits_for_the_last_answer(app: StreamApp, broker: Broker) -> None:
    for each in range(10):
        app.emit("facts", None, b"%d" % each)
    barrier = asyncio.ensure_future(app.producer.flush())
    await turns()
    for index in (9, 8, 7, 6, 5, 4, 3, 2, 1):
        broker.ack(index)
    await turns()
    assert not barrier.done()
    broker.ack(0)
    await barrier


async def test_stock_flush_never_ends_under_load(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        buffer: Any = ProducerBuffer()
        buffer.app = app
        sent = 0
        enough = asyncio.Event()

        async def send_and_queue_another(fut: Any) -> None:
            nonlocal sent
            sent += 1
            if not enough.is_set():
                buffer.put(fut)
            await asyncio.sleep(0)

        buffer._send_pending = send_and_queue_another
        await buffer.start()
        buffer.put(1)
        flush = asyncio.ensure_future(buffer.flush())
        while sent < 1000:
            await asyncio.sleep(0)
        assert not flush.done()
        enough.set()
        await flush
        await buffer.stop()


async def test_a_barrier_ends_under_load(app: StreamApp, broker: Broker) -> None:
    broker.at_once = True
    app.emit("facts", None, b"first")

    async def load() -> None:
        while True:
            app.emit("facts", None, b"more")
            await asyncio.sleep(0)

    loading = asyncio.ensure_future(load())
    await turns()
    await app.producer.flush()
    assert not loading.done()
    loading.cancel()


async def test_a_barrier_covers_what_was_queued_before_it_alone(
    app: StreamApp, broker: Broker
) -> None:
    app.emit("facts", None, b"before")
    barrier = asyncio.ensure_future(app.producer.flush())
    await turns()
    app.emit("facts", None, b"after")
    await turns()
    broker.ack(0)
    await barrier
    assert len(broker.sent) == 2


async def test_stock_commits_after_a_lost_changelog_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stock_app(tmp_path) as app:
        consumer: Any = app.consumer
        committed: list[Any] = []
        topic = app.topic("changelog", key_type=bytes, value_type=bytes)
        lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def send(*args: Any, **kwargs: Any) -> Any:
            return lost

        async def commit(offsets: Any) -> bool:
            committed.append(dict(offsets))
            return True

        monkeypatch.setattr(app.producer, "send", send)
        monkeypatch.setattr(app.producer, "maybe_start", lambda: asyncio.sleep(0))
        monkeypatch.setattr(consumer, "assignment", lambda: {SOURCE})
        monkeypatch.setattr(consumer, "_commit", commit)
        await app.producer.buffer.start()
        topic.send_soon(key=b"k", value=b"v", key_serializer="raw", value_serializer="raw")
        take(consumer, 0)[0].ack(consumer)
        await turns()
        lost.set_exception(RuntimeError("the broker refused it"))
        await turns()
        await consumer.commit()
        assert committed == [{SOURCE: 1}]
        assert not app.should_stop
        await app.producer.buffer.stop()


async def test_a_lost_message_fails_the_incarnation_and_nothing_is_committed(
    app: StreamApp, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed: list[Any] = []

    async def commit(offsets: Any) -> bool:
        committed.append(offsets)
        return True

    monkeypatch.setattr(app.reader, "assignment", lambda: {SOURCE})
    monkeypatch.setattr(app.reader, "_commit", commit)
    app.emit("facts", None, b"lost")
    take(app.reader, 0)[0].ack(app.reader)
    commit_now = asyncio.ensure_future(app.reader.commit())
    await turns()
    broker.refuse(0)
    assert await commit_now is False
    assert isinstance(app.failure, DeliveryError)
    assert app.failed.is_set()
    await app.reader.wait_empty()
    await app.reader.on_stop()
    assert committed == []


async def test_an_ack_that_comes_during_the_barrier_is_not_committed_with_it(
    app: StreamApp, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed: list[Any] = []

    async def commit(offsets: Any) -> bool:
        committed.append(dict(offsets))
        return True

    monkeypatch.setattr(app.reader, "assignment", lambda: {SOURCE})
    monkeypatch.setattr(app.reader, "_commit", commit)
    messages = take(app.reader, 0, 1)
    app.emit("facts", None, b"effect of 0")
    messages[0].ack(app.reader)
    first = asyncio.ensure_future(app.reader.commit())
    await turns()
    app.emit("facts", None, b"effect of 1")
    messages[1].ack(app.reader)
    await turns()
    broker.ack(0)
    await first
    assert committed == [{SOURCE: 1}]


async def test_a_commit_whose_partitions_were_revoked_meanwhile_is_dropped(
    app: StreamApp, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.reader, "assignment", lambda: {SOURCE})
    take(app.reader, 0)[0].ack(app.reader)
    app.emit("facts", None, b"effect")
    commit = asyncio.ensure_future(app.reader.commit())
    await turns()
    app.reader._leave()
    broker.ack(0)
    assert await commit is False


async def test_at_a_stop_the_barrier_has_a_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path, flush_timeout_s=0.01, drain_timeout_s=0.01) as app:
        app.outbox.send = Broker().send
        await app.outbox.start()
        monkeypatch.setattr(app.reader, "assignment", lambda: {SOURCE})
        app.emit("facts", None, b"never taken")
        take(app.reader, 0)[0].ack(app.reader)
        await app.reader.wait_empty()
        assert app.reader._committed_offset[SOURCE] is None
        await app.outbox.stop()


async def test_nothing_can_be_queued_after_a_failure(app: StreamApp, broker: Broker) -> None:
    app.emit("facts", None, b"lost")
    await turns()
    broker.refuse(0)
    await turns()
    with pytest.raises(DeliveryError):
        app.emit("facts", None, b"next")
    with pytest.raises(DeliveryError):
        await app.producer.flush()


def test_the_producer_has_our_buffer(app: StreamApp) -> None:
    assert isinstance(app.producer.buffer, Outbox)
