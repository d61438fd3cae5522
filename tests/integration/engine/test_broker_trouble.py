"""The stream side while its broker is away: at boot, in the middle, and at a stop."""

import asyncio
from pathlib import Path

import pytest

from app.engine.app import StreamApp
from app.errors import Unavailable
from tests.support.counting import (
    Counting,
    changelog_totals,
    expected,
    is_exact,
    options,
    produce,
    supervised,
    topics,
    until,
    until_committed,
)
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(150)]


async def test_a_broker_that_comes_after_the_boot_is_found(
    own_kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = own_kafka_broker.bootstrap_servers, topic_prefix
    opts = options(servers, name, tmp_path / "data")
    await own_kafka_broker.create_topics(topics(name, Counting(opts).app))
    await produce(servers, name, range(400))
    await asyncio.to_thread(own_kafka_broker.stop)

    async def build() -> StreamApp:
        return Counting(opts).app

    async with supervised(build) as side:
        await until(lambda: side.restarts_total >= 2)
        with pytest.raises(Unavailable):
            side.check_ready()
        await asyncio.to_thread(own_kafka_broker.start)
        await until(lambda: is_exact(side, 400))
        await until_committed(servers, name, name, 400)
    assert side.state == "stopped"
    assert not side.stuck


async def test_a_broker_killed_in_mid_stream_costs_nothing(
    own_kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = own_kafka_broker.bootstrap_servers, topic_prefix
    opts = options(servers, name, tmp_path / "data")
    lives: list[Counting] = []

    async def build() -> StreamApp:
        lives.append(Counting(opts))
        return lives[-1].app

    await own_kafka_broker.create_topics(topics(name, Counting(opts).app))
    await produce(servers, name, range(4000))
    async with supervised(build) as side:
        await until(lambda: bool(lives) and len(lives[0].handled) > 500)
        await asyncio.to_thread(own_kafka_broker.kill)
        await asyncio.to_thread(own_kafka_broker.start)
        await until(lambda: is_exact(side, 4000))
        await until_committed(servers, name, name, 4000)
    assert await changelog_totals(servers, name) == expected(4000)


async def test_a_stop_without_a_broker_ends_in_time_and_loses_nothing(
    own_kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = own_kafka_broker.bootstrap_servers, topic_prefix
    opts = options(servers, name, tmp_path / "data", flush_timeout_s=1.0, drain_timeout_s=1.0)
    lives: list[Counting] = []

    async def build() -> StreamApp:
        lives.append(Counting(opts))
        return lives[-1].app

    await own_kafka_broker.create_topics(topics(name, Counting(opts).app))
    async with supervised(build) as side:
        await until(lambda: side.state == "running")
        await produce(servers, name, range(1000))
        await until(lambda: len(lives[0].handled) > 100)
        await asyncio.to_thread(own_kafka_broker.kill)
    assert not side.stuck
    await asyncio.to_thread(own_kafka_broker.start)
    async with supervised(build) as again:
        await until(lambda: is_exact(again, 1000))
        await until_committed(servers, name, name, 1000)
    assert await changelog_totals(servers, name) == expected(1000)
