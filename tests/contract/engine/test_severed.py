"""A change that reaches the broker behind those of the partition's next owner would undo them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from app.engine.app import StreamApp
from app.engine.contracts import Message, Position
from app.engine.outbox import DeliveryError
from tests.support.kafkaless import TOPIC, engine_app, hold, take

SOURCE = TP(TOPIC, 0)


class Broker:
    """Takes nothing before it `recovers`; what was given up by then does not come any more."""

    def __init__(self) -> None:
        self.recovered = asyncio.Event()
        self.log: list[bytes] = []
        self.under_way: set[asyncio.Task[None]] = set()
        self._closed = False
        self._sender = SimpleNamespace(sender_task=None)
        self._message_accumulator = SimpleNamespace(_batches={})
        self.client = SimpleNamespace(close=self._close)

    async def send(self, outgoing: Any) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.under_way.add(asyncio.ensure_future(self._take(outgoing.value, future)))
        return future

    async def _take(self, value: bytes, future: "asyncio.Future[Any]") -> None:
        await self.recovered.wait()
        self.log.append(value)
        future.set_result(SimpleNamespace(partition=0, offset=len(self.log) - 1))

    async def _close(self) -> None:
        for task in self.under_way:
            task.cancel()


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def app(tmp_path: Path, broker: Broker) -> AsyncIterator[StreamApp]:
    times = {"flush_timeout_s": 0.1, "drain_timeout_s": 0.05, "sink_grace_s": 0.01}
    async with engine_app(tmp_path, **times) as app:
        users = app.store("users")
        hold(app, "users", 0)
        app.outbox.send = broker.send
        app.producer._producer = broker  # type: ignore[attr-defined]
        await app.outbox.start()
        app.consumer.assignment = lambda: {SOURCE}
        message = take(app.reader, 7)[7]
        app.in_hand.message = Message(b"k", b"v", Position("e", TOPIC, 0, 7), 0.0)
        users.put(b"u", b"seven")
        app.in_hand.message = None
        message.ack(app.reader)
        yield app
        await app.outbox.stop()


async def late(broker: Broker) -> list[bytes]:
    """What the log has after a change of the next owner, once the broker takes everything."""
    broker.log.append(b"seventeen")
    broker.recovered.set()
    await asyncio.sleep(0.05)
    return broker.log


async def sent(broker: Broker) -> None:
    while not broker.under_way:
        await asyncio.sleep(0.001)


async def test_what_a_revoke_could_not_flush_is_cut_off(app: StreamApp, broker: Broker) -> None:
    await sent(broker)
    await app.reader.on_partitions_revoked({SOURCE})
    assert await late(broker) == [b"seventeen"]
    assert isinstance(app.failure, DeliveryError)


async def test_what_a_stop_could_not_flush_is_cut_off(
    app: StreamApp, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent(broker)
    monkeypatch.setattr(app.reader.client_thread, "_started", _set())
    await app.reader.on_stop()
    assert await late(broker) == [b"seventeen"]


async def test_what_a_failure_left_under_way_is_cut_off_before_the_partitions_go(
    app: StreamApp, broker: Broker
) -> None:
    await sent(broker)
    app.fail_stop(RuntimeError("boom"))
    await app.reader.on_partitions_revoked({SOURCE})
    assert await late(broker) == [b"seventeen"]


async def test_a_lease_that_ran_out_cuts_off_at_once(app: StreamApp, broker: Broker) -> None:
    await sent(broker)
    keeping = asyncio.ensure_future(type(app.reader)._keep_lease.fun(app.reader))
    app.lease.lose()
    await app.failed.wait()
    assert await late(broker) == [b"seventeen"]
    keeping.cancel()


async def test_an_expelled_worker_commits_nothing(app: StreamApp, broker: Broker) -> None:
    await sent(broker)
    app.lease.lose()
    broker.recovered.set()
    committed: list[Any] = []
    app.reader._commit = committed.append  # type: ignore[assignment,method-assign]
    await app.reader.on_partitions_revoked({SOURCE})
    assert committed == []


async def test_with_all_of_it_taken_a_worker_lives_on(app: StreamApp, broker: Broker) -> None:
    async def commit(offsets: Any) -> bool:
        return True

    app.reader._commit = commit  # type: ignore[method-assign]
    broker.recovered.set()
    await app.reader.on_partitions_revoked({SOURCE})
    assert (broker.log, app.failure) == ([b"seven"], None)


async def test_what_no_offset_waits_for_is_flushed_before_the_partitions_go(
    app: StreamApp, broker: Broker
) -> None:
    app.reader._acked.clear()
    broker.recovered.set()
    await app.reader.on_partitions_revoked({SOURCE})
    assert (broker.log, app.failure) == ([b"seven"], None)


async def test_a_leaving_takes_less_than_the_group_waits(app: StreamApp) -> None:
    options = app.options
    assert app.reader._leaving_s < options.rebalance_timeout_s


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
