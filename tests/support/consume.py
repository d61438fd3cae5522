"""Everything that lies in a topic now, read with a plain consumer without a group."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition


async def consume_all(bootstrap_servers: str, topic: str) -> list[Any]:
    """All messages of all partitions up to the end as it is at the call."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=64 << 20,
        max_partition_fetch_bytes=16 << 20,
    )
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = consumer.partitions_for_topic(topic) or await _partitions(consumer, topic)
        assigned = [TopicPartition(topic, number) for number in sorted(partitions)]
        consumer.assign(assigned)
        ends = await consumer.end_offsets(assigned)
        await consumer.seek_to_beginning(*assigned)
        messages: list[Any] = []
        while any(await _behind(consumer, tp, end) for tp, end in ends.items()):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                messages += batch
        return messages
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """The topic's partitions, asked for by name."""
    await consumer._client.add_topic(topic)
    found: set[int] = consumer.partitions_for_topic(topic) or set()
    assert found, f"no topic {topic}"
    return found


async def _behind(consumer: AIOKafkaConsumer, partition: TopicPartition, end: int) -> bool:
    position: int = await consumer.position(partition)
    return position < end
