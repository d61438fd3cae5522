"""Partitions that move between workers, and from one generation to the next."""

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


async def test_two_workers_share_the_partitions_and_every_countis_exact(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    first = Counting(options(servers, name, tmp_path / "1", canonical_url="http://127.0.0.1:1"))
    second = Counting(options(servers, name, tmp_path / "2", canonical_url="http://127.0.0.1:2"))
    await kafka_broker.create_topics(topics(name, first.app))
    producing = asyncio.ensure_future(_trickle(servers, name, 3000))
    async with running(first):
        await until(lambda: len(first.handled) > 300)
        async with running(second):
            await until(lambda: len(second.handled) > 100)
            await until(lambda: len(first.app.served) + len(second.app.served) == 4)
            owner = {p: w for w in (first, second) for p in w.app.served}
            assert set(owner) == {0, 1, 2, 3}
            with pytest.raises(Unavailable):
                (second if owner[first.app.partition_of(key(0))] is first else first).app.get(
                    "counts", key(0)
                )
        await until(lambda: first.app.served == frozenset(range(4)))
        await producing
        await until(lambda: is_exact(first.app, 3000))
        await until_committed(servers, name, name, 3000)
    assert await changelog_totals(servers, name) == expected(3000)


async def _trickle(servers: str, name: str, count: int, first: int = 0) -> None:
    for start in range(first, first + count, 100):
        await produce(servers, name, range(start, start + 100))
        await asyncio.sleep(0.1)


async def test_rebalances_under_load_lose_and_double_nothing(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    counting = Counting(options(servers, name, tmp_path))
    await kafka_broker.create_topics(topics(name, counting.app))
    await produce(servers, name, range(6000))
    generations: set[int | None] = set()
    async with running(counting):
        thread = counting.app.reader.client_thread
        producing = asyncio.ensure_future(_trickle(servers, name, 6000, first=6000))
        for _ in range(8):
            handled = len(counting.handled)
            await until(lambda handled=handled: len(counting.handled) > handled + 50)
            generations.add(counting.app.reader.reading_generation)
            client: Any = thread._consumer
            thread.thread_loop.call_soon_threadsafe(client._coordinator.request_rejoin)
        await producing
        await until(lambda: is_exact(counting.app, 12_000))
        await until_committed(servers, name, name, 12_000)
    assert len(generations) > 3
    assert await changelog_totals(servers, name) == expected(12_000)
