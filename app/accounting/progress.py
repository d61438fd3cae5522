"""How far a consumer group has committed a topic, asked without joining the group."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from app.engine.plain_consumer import PlainConsumer
from app.errors import Unavailable

ASK_S = 30.0


async def committed_offsets(
    group: str, topic: str, partitions: Iterable[int], connection: Mapping[str, Any]
) -> dict[int, int]:
    """By partition, the offset that the group goes on from: 0 where it never committed any.

    `connection` is in aiokafka's terms. Raises: Unavailable.
    """
    consumer = PlainConsumer(**connection, group_id=group, enable_auto_commit=False)
    try:
        async with asyncio.timeout(ASK_S):
            await consumer.start()
            return {
                number: await consumer.committed(TopicPartition(topic, number)) or 0
                for number in partitions
            }
    except (KafkaError, OSError, TimeoutError) as exc:
        raise Unavailable(f"the offsets of group {group} cannot be read: {exc}") from exc
    finally:
        await consumer.stop()
