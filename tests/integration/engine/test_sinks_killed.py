"""Workers with a slow sink that are killed in the middle of a batch, leave and join: none lost."""

import asyncio
import signal
from pathlib import Path

import pytest

from app.record.topics import TopicSpec
from tests.support.counting import (
    changelog_totals,
    expected,
    produce,
    read_all,
    until,
    until_committed,
)
from tests.support.kafka import KafkaBroker
from tests.support.sinking_worker import Worker
from tests.support.sunk import is_in_a_batch, items_in

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]


async def create_topics(broker: KafkaBroker, name: str) -> None:
    names = [name, f"{name}.out", f"{name}.dead"]
    changelogs = [f"{name}-counts-changelog", f"{name}-seen-changelog"]
    compacted = {"cleanup.policy": "compact"}
    await broker.create_topics(
        [*(TopicSpec(each) for each in names), *(TopicSpec(c, None, compacted) for c in changelogs)]
    )


async def until_read_to_the_end(servers: str, name: str) -> None:
    """What the meter emitted twice for a worker killed before its commit is there twice."""
    emitted = len(await read_all(servers, f"{name}.out"))
    await until_committed(servers, name, f"{name}.out", emitted)


def numbers(count: int) -> set[str]:
    return {str(number) for number in range(count)}


async def test_killed_in_the_middle_of_a_batch_nothing_is_lost(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    await create_topics(kafka_broker, name)
    worker = Worker(servers, name, tmp_path, pause_s=0.15)
    await produce(servers, name, range(2000))
    worker.start()
    try:
        for share in (0.2, 0.5):
            await until(lambda share=share: len(items_in(worker.file)) > share * 2000)
            await until(lambda: is_in_a_batch(worker.file))
            worker.end(signal.SIGKILL)
            assert len(items_in(worker.file)) < 2000
            worker.start()
        await until(lambda: items_in(worker.file) == numbers(2000))
        await until_read_to_the_end(servers, name)
        assert worker.end(signal.SIGTERM) == 0, worker.tail()
    finally:
        worker.end()
    assert await changelog_totals(servers, name) == expected(2000)


async def test_one_of_two_is_killed_and_another_joins(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    await create_topics(kafka_broker, name)
    workers = [Worker(servers, name, tmp_path / str(each), pause_s=0.1) for each in range(3)]

    def items() -> set[str]:
        return set().union(*(items_in(worker.file) for worker in workers))

    sending = asyncio.ensure_future(_trickle(servers, name, 4000))
    try:
        workers[0].start()
        await until(lambda: len(items()) > 200)
        workers[1].start()
        await until(lambda: len(items_in(workers[1].file)) > 100)
        await until(lambda: is_in_a_batch(workers[0].file))
        workers[0].end(signal.SIGKILL)
        workers[2].start()
        await sending
        await until(lambda: items() == numbers(4000))
        await until_read_to_the_end(servers, name)
        assert items_in(workers[2].file)
        for worker in workers[1:]:
            assert worker.end(signal.SIGTERM) == 0, worker.tail()
    finally:
        for worker in workers:
            worker.end()
    assert await changelog_totals(servers, name) == expected(4000)


async def _trickle(servers: str, name: str, count: int) -> None:
    for start in range(0, count, 100):
        await produce(servers, name, range(start, start + 100))
        await asyncio.sleep(0.2)
