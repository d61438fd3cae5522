"""Everything that lies in a topic now, read with a plain consumer without a group."""

from typing import Any

from aiokafka import AIOKafkaConsumer


async def consume_all(bootstrap_servers: str, topic: str) -> list[Any]:
    """All messages of all partitions up to the end as it is at the call."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=64 << 20,
        max_partition_fetch_bytes=16 << 20,
    )
    await consumer.start()
    try:
        partitions = consumer.assignment()
        assert partitions, f"no topic {topic}"
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        messages: list[Any] = []
        while [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                messages += batch
        return messages
    finally:
        await consumer.stop()
