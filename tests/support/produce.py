"""Records straight into `<prefix>.exchanges`, as the proxy's publisher would put them there."""

from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from app.record.codec import encode_record
from app.record.keys import exchange_key
from app.record.model import Record
from app.record.topics import Topics

MAX_REQUEST_BYTES = 16 << 20


async def produce(
    bootstrap_servers: str, records: Iterable[Record], *, prefix: str = "tailrace"
) -> list[tuple[int, int]]:
    """Send the records in their order, acks=all; each one's partition and offset.

    The message's key is the record's, its timestamp `produced_at`.
    """
    messages = [
        (
            exchange_key(record.tenant, record.user, record.request_id),
            encode_record(record),
            int(record.produced_at.timestamp() * 1000),
        )
        for record in records
    ]
    return await _send(bootstrap_servers, Topics(prefix).exchanges, messages)


async def produce_raw(
    bootstrap_servers: str, topic: str, messages: Iterable[tuple[bytes | None, bytes | None]]
) -> list[tuple[int, int]]:
    """Send any keys and values, poison included; each one's partition and offset."""
    return await _send(bootstrap_servers, topic, [(key, value, None) for key, value in messages])


async def _send(
    bootstrap_servers: str,
    topic: str,
    messages: list[tuple[bytes | None, bytes | None, int | None]],
) -> list[tuple[int, int]]:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        enable_idempotence=False,
        linger_ms=5,
        max_batch_size=1 << 18,
        max_request_size=MAX_REQUEST_BYTES,
    )
    await producer.start()
    try:
        sent = [
            await producer.send(topic, value, key=key, timestamp_ms=timestamp_ms)
            for key, value, timestamp_ms in messages
        ]
        return [(done.partition, done.offset) for done in [await future for future in sent]]
    finally:
        await producer.stop()
