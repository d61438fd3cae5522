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
