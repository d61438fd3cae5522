"""A worker that its group gives up while it goes on: it shows nothing, and undoes nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.errors import Unavailable
from tests.support.counting import (
    Counting,
    changelog_totals,
    expected,
    is_exact,
    key,
    options,
    produce,
    running,
    topics,
    until,
    until_committed,
)
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def stop_beating(counting: Counting) -> None:
    """Let no heartbeat of a worker arrive any more; it fetches and produces as before."""

    async def never() -> bool:
        await asyncio.Event().wait()
        return False

    client: Any = counting.app.reader.client_thread._consumer
    client._coordinator._do_heartbeat = never


def hold_changes(counting: Counting) -> asyncio.Event:
    """Keep what a worker puts and emits on its way until the event is set."""
    send, released = counting.app.outbox.send, asyncio.Event()
    assert send is not None

    async def held(outgoing: Any) -> Any:
        await released.wait()
        return await send(outgoing)

    counting.app.outbox.send = held
    return released


async def test_a_worker_that_is_not_heard_of_shows_and_undoes_nothing(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    first = Counting(options(servers, name, tmp_path / "1", canonical_url="http://127.0.0.1:1"))
    second = Counting(options(servers, name, tmp_path / "2", canonical_url="http://127.0.0.1:2"))
    await kafka_broker.create_topics(topics(name, first.app))
    async with running(first):
        await produce(servers, name, range(1000))
        await until(lambda: is_exact(first.app, 1000))
        await until_committed(servers, name, name, 1000)
        stop_beating(first)
        released = hold_changes(first)
        await produce(servers, name, range(1000, 1500))
        await until(lambda: len(first.handled) > 1000)
        async with running(second):
            await until(lambda: second.app.served == {0, 1, 2, 3})
            with pytest.raises(Unavailable):
                first.app.get("counts", key(0))
            await produce(servers, name, range(1500, 2000))
            await until(lambda: is_exact(second.app, 2000))
            await until_committed(servers, name, name, 2000)
            released.set()
            await first.app.failed.wait()
            await asyncio.sleep(0.5)
    assert await changelog_totals(servers, name) == expected(2000)


async def test_a_worker_that_is_heard_of_again_goes_on_as_it_was(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    counting = Counting(options(servers, name, tmp_path))
    await kafka_broker.create_topics(topics(name, counting.app))
    async with running(counting):
        await produce(servers, name, range(1000))
        await until(lambda: is_exact(counting.app, 1000))
        await until_committed(servers, name, name, 1000)
        counting.app.lease.lose()
        with pytest.raises(Unavailable):
            counting.app.get("counts", key(0))
        await until(lambda: is_exact(counting.app, 1000))
        assert counting.app.failure is None
        await produce(servers, name, range(1000, 2000))
        await until(lambda: is_exact(counting.app, 2000))
        await until_committed(servers, name, name, 2000)
    assert await changelog_totals(servers, name) == expected(2000)
