"""Having the stopped workers of a deployment read topics from their start."""

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

PATIENCE_S = 60.0
PAUSE_S = 0.5


async def read_again(
    bootstrap_servers: str, prefix: str, topics: Iterable[str], partitions: int
) -> None:
    """Commit offset 0 of all partitions in the deployment's group, once it is empty.

    A worker that was stopped stays a member until its session is over, as it may come back.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        group_id="tailrace" if prefix == "tailrace" else f"tailrace-{prefix}",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        tps = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        consumer.assign(tps)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await consumer.commit(dict.fromkeys(tps, 0))
                except CommitFailedError:
                    await asyncio.sleep(PAUSE_S)
    finally:
        await consumer.stop()
