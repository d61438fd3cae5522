"""Giving up a producer leaves nothing that runs, waits or warns, with aiokafka's own objects."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from app.engine import producer as module
from app.engine.producer import _abandon
from app.tasks import spawn


async def stay() -> None:
    await asyncio.Event().wait()


async def test_batches_and_the_sender_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT_S", 3600.0)
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    tp = TopicPartition("t", 0)
    await producer._message_accumulator.add_message(tp, b"k", b"v", timeout=1)
    (batch,) = producer._message_accumulator._batches[tp]
    sender = spawn(stay(), name="sender")
    producer._sender._sender_task = sender
    assert producer._sender.sender_task is sender
    done, _ = await asyncio.wait({spawn(_abandon(producer), name="abandon")}, timeout=20)
    assert done
    assert sender.cancelled()
    assert batch.future.cancelled()
    assert producer._closed


async def test_a_producer_that_never_started_needs_no_more() -> None:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    assert producer._sender.sender_task is None
    await _abandon(producer)
    await producer.stop()
    assert producer._closed


async def test_whoever_cancels_it_is_heard_and_the_batches_end() -> None:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    tp = TopicPartition("t", 0)
    await producer._message_accumulator.add_message(tp, b"k", b"v", timeout=1)
    (batch,) = producer._message_accumulator._batches[tp]
    asked, release = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await stay()
        except asyncio.CancelledError:
            asked.set()
            await release.wait()

    producer._sender._sender_task = spawn(stubborn(), name="sender")
    await asyncio.sleep(0)
    abandoning = spawn(_abandon(producer), name="abandon")
    await asked.wait()
    abandoning.cancel()
    await asyncio.wait({abandoning}, timeout=20)
    assert abandoning.cancelled()
    assert batch.future.cancelled()
    release.set()
    await producer._sender.sender_task
    await producer.client.close()


async def test_a_sender_that_failed_is_told_and_no_hindrance(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def failing() -> None:
        raise RuntimeError("boom")

    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    producer._sender._sender_task = asyncio.ensure_future(failing())
    await asyncio.sleep(0)
    await _abandon(producer)
    assert "boom" in caplog.text
    assert producer._closed
