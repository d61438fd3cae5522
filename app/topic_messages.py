"""The messages of a topic up to its end as it is now, by a consumer that leaves no trace.

No group is joined and no offset committed. Where a topic ends is what ListOffsets says; the
embedded broker names the place behind the first message of the last batch there. So what was
fetched together with the last message wanted is given as well: on any broker some messages may be
younger than the call.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from app.engine.plain_consumer import PlainConsumer
from app.errors import Unavailable

FETCH_BYTES = 16 << 20
POLL_MS = 500
ASSIGNED_S = 30.0
Places = Mapping[int, Sequence[int]]


async def messages_until_now(
    topic: str,
    connection: Mapping[str, Any],
    *,
    since_s: float = 0.0,
    places: Places | None = None,
) -> AsyncGenerator[Any, None]:
    """The messages of `batches_until_now`, one by one."""
    batches = batches_until_now(topic, connection, since_s=since_s, places=places)
    async with aclosing(batches):
        async for batch in batches:
            for message in batch:
                yield message


async def batches_until_now(
    topic: str,
    connection: Mapping[str, Any],
    *,
    since_s: float = 0.0,
    before_s: float | None = None,
    places: Places | None = None,
) -> AsyncGenerator[Sequence[Any], None]:
    """Messages as they were fetched, each batch of one partition and in its order.

    `connection` is in aiokafka's terms. Reading begins at the first message that the broker dates
    `since_s` or later, and a partition is left with the batch that ends after `before_s`. With
    `places`, offsets by partition, no more is read than it takes to see these; others are among
    them. Raises: Unavailable, at once where there is no such topic.
    """
    consumer = PlainConsumer(
        **connection,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=4 * FETCH_BYTES,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        await _subscribe(consumer, topic)
        begins, ends = await _span(consumer, since_s, places)
        while [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
            for tp, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                yield [message for message in batch if message.offset >= begins[tp]]
                if before_s is not None and batch[-1].timestamp > before_s * 1000:
                    ends.pop(tp, None)
                    consumer.pause(tp)
    except (KafkaError, OSError, TimeoutError) as exc:
        raise Unavailable(f"topic {topic} cannot be read: {exc}") from exc
    finally:
        await consumer.stop()


async def _subscribe(consumer: PlainConsumer, topic: str) -> None:
    """Have all partitions of a topic. Raises: Unavailable."""
    if topic not in await consumer.topics():
        raise Unavailable(f"there is no topic {topic}")
    consumer.subscribe([topic])
    async with asyncio.timeout(ASSIGNED_S):
        while not consumer.assignment():  # noqa: ASYNC110 - aiokafka tells nobody
            await asyncio.sleep(0.01)


async def _span(
    consumer: PlainConsumer, since_s: float, places: Places | None
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Go to where reading begins; the offsets where it begins and ends."""
    everywhere = consumer.assignment()
    partitions = [tp for tp in everywhere if places is None or tp.partition in places]
    if ignored := [tp for tp in everywhere if tp not in partitions]:
        consumer.pause(*ignored)
    if not partitions:
        return {}, {}
    firsts = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    begins = dict(firsts)
    if since_s > 0:
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, int(since_s * 1000)))
        begins = {tp: ends[tp] if at is None else at.offset for tp, at in found.items()}
    for tp in partitions:
        if places is not None:
            begins[tp] = max(begins[tp], min(places[tp.partition]))
            ends[tp] = min(ends[tp], max(places[tp.partition]) + 1)
        # One before the end at the latest: what lies behind it in its batch comes with it.
        consumer.seek(tp, max(firsts[tp], min(begins[tp], ends[tp] - 1)))
    return begins, ends
