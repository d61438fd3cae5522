"""Copying what a deployment keeps under another topic prefix, so that its partitions can change.

Every total lies in the partition of its user, so a topic's count cannot be changed in place. A
deployment of another prefix, made with the new count, is given the records that the old one still
retains: the same keys, values and times, each in the partition that its key has there. Copying
again harms nothing: the table `seen` tells that it had a record.
"""

from collections.abc import AsyncIterable, Mapping
from contextlib import aclosing
from typing import Any

from app.control.entries import decode_name
from app.plain_producer import Outgoing, PlainProducer
from app.topic_messages import messages_until_now

BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 << 20


async def copy_topic(
    source: str, target: str, connection: Mapping[str, Any], *, kind: str | None = None
) -> int:
    """How many messages were copied, each in the partition of its key; all are durable then.

    `kind`: only the control topic's entries of that kind. Raises: Unavailable; a part may have been
    copied then, and may be copied again.
    """
    producer = PlainProducer(connection)
    copied = 0
    try:
        async with aclosing(messages_until_now(source, connection)) as messages:
            async for batch in _batches(messages, kind):
                await producer.write(
                    [
                        Outgoing(target, each.key, each.value, timestamp_ms=each.timestamp)
                        for each in batch
                    ]
                )
                copied += len(batch)
    finally:
        await producer.close()
    return copied


async def _batches(messages: AsyncIterable[Any], kind: str | None) -> AsyncIterable[list[Any]]:
    batch: list[Any] = []
    held_bytes = 0
    async for message in messages:
        if kind is not None and not _is_of(message.key, kind):
            continue
        batch.append(message)
        held_bytes += len(message.value or b"")
        if len(batch) >= BATCH_RECORDS or held_bytes >= MAX_BATCH_BYTES:
            yield batch
            batch, held_bytes = [], 0
    if batch:
        yield batch


def _is_of(key: bytes | None, kind: str) -> bool:
    name = decode_name(key) if key is not None else None
    return name is not None and name.kind == kind
