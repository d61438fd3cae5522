"""A producer for messages that do not go through the stream side: acks from all replicas.

It is made when it is first needed and replaced when it failed, so that it boots without a broker
and finds brokers that came back elsewhere. A write that failed may have arrived all the same.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from app.errors import Unavailable
from app.tasks import spawn

logger = logging.getLogger(__name__)
TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 2.0
MAX_REQUEST_BYTES = 9 << 20
LINGER_MS = 2


class Outgoing(NamedTuple):
    """One message; a partition of None means that of the key, a time of None that of sending."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    timestamp_ms: int | None = None


class PlainProducer:
    """Writes messages and waits for their acks."""

    def __init__(self, connection: Mapping[str, Any], *, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is connected; `timeout_s` bounds each write. `connection`: aiokafka's options."""
        self._options = dict(connection) | {
            "acks": "all",
            "linger_ms": LINGER_MS,
            "request_timeout_ms": int(timeout_s * 1000),
            "max_request_size": MAX_REQUEST_BYTES,
        }
        self._timeout_s = timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def write(self, messages: Sequence[Outgoing]) -> list[int]:
        """Their offsets, once all of them are durable.

        Raises: Unavailable; any part of them may be durable then.
        """
        if not messages:
            return []
        producer = None
        try:
            async with asyncio.timeout(self._timeout_s):
                producer = await self._opened()
                sent = [
                    await producer.send(
                        each.topic,
                        each.value,
                        key=each.key,
                        partition=each.partition,
                        timestamp_ms=each.timestamp_ms,
                    )
                    for each in messages
                ]
                done = await asyncio.gather(*sent)
        except (KafkaError, OSError, TimeoutError) as exc:
            self._give_up(producer)
            raise Unavailable(f"no broker takes it: {exc!r}") from exc
        return [int(each.offset) for each in done]

    async def close(self) -> None:
        """Let go of the connections."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer, STOP_TIMEOUT_S)

    def _give_up(self, producer: AIOKafkaProducer | None) -> None:
        if producer is not None and self._producer is producer:
            self._producer = None
            spawn(stop_producer(producer, STOP_TIMEOUT_S), name="plain-producer-stop")

    async def _opened(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._options)
                try:
                    await producer.start()
                except BaseException:
                    await stop_producer(producer, STOP_TIMEOUT_S)
                    raise
                self._producer = producer
            return self._producer


async def stop_producer(producer: AIOKafkaProducer, timeout_s: float) -> None:
    """Stop a producer, in order if that takes no longer than the time given, else at once."""
    try:
        async with asyncio.timeout(timeout_s):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        logger.warning("a producer did not stop in order: %r", error)
        # What it waited for will not come; its connections and their refresh must not stay.
        await producer.client.close()
