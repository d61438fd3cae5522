"""Topics that are deleted and made anew under a running stream side."""

import asyncio
from pathlib import Path

import pytest

from app.engine.app import StreamApp
from app.engine.topic_ids import topic_ids
from app.record.topics import TopicSpec
from tests.support.counting import (
    Counting,
    is_exact,
    options,
    produce,
    supervised,
    topics,
    until,
)
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_the_next_incarnation_reads_them_in_another_epoch(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    lives: list[Counting] = []

    async def epoch() -> str:
        ids = await topic_ids([name], bootstrap_servers=servers)
        return ids[name].hex if name in ids else "none"

    async def build() -> StreamApp:
        counting = Counting(options(servers, name, tmp_path, epoch=await epoch()))
        counting.app.verify_epoch(epoch)
        lives.append(counting)
        return counting.app

    await kafka_broker.create_topics(topics(name, Counting(options(servers, name, tmp_path)).app))
    async with supervised(build) as side:
        await produce(servers, name, range(400))
        await until(lambda: is_exact(side, 400))
        await kafka_broker.delete_topics([name])
        await kafka_broker.create_topics([TopicSpec(name)])
        first = lives[0].app.options.epoch
        produced = asyncio.ensure_future(produce(servers, name, range(200)))
        await until(lambda: _handled_in_another_epoch(lives, first) == 200)
        await produced
        assert _handled_in_another_epoch(lives, first) == 200
        assert len(lives[0].handled) == 400
        await until(lambda: is_exact(side, 400))


def _handled_in_another_epoch(lives: list[Counting], first: str) -> int:
    return sum(m.position.epoch != first for each in lives for m in each.handled)
