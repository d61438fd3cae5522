"""The broker as a way out: a plain producer, acks from all replicas, not idempotent.

Not idempotent because aiokafka never expires an idempotent batch; this one gives up after the
request timeout and says so, and the table `seen` removes what arrived twice. It boots with no
broker in reach: every delivery tries to connect again.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
)

from proxy.publisher.outlet import Outgoing, Result

logger = logging.getLogger(__name__)
MAX_REQUEST_BYTES = 9 << 20
BATCH_BYTES = 256 << 10
LINGER_MS = 5
REFUSALS = (MessageSizeTooLargeError, RecordTooLargeError, InvalidTopicError)
PATIENCE_FACTOR = 2.5
SLICE_MESSAGES = 20


class KafkaOutlet:
    """Delivers to Kafka. `connection` are aiokafka's options: servers and security."""

    def __init__(
        self, connection: Mapping[str, Any], *, request_timeout_s: float, compression: str = "none"
    ) -> None:
        """Nothing is connected before the first delivery."""
        self._options = dict(connection) | {
            "acks": "all",
            "linger_ms": LINGER_MS,
            "max_batch_size": BATCH_BYTES,
            "max_request_size": MAX_REQUEST_BYTES,
            "request_timeout_ms": int(request_timeout_s * 1000),
            "compression_type": None if compression == "none" else compression,
        }
        self._timeout_s = request_timeout_s
        self._producer: AIOKafkaProducer | None = None

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """See `Outlet`; takes at most about two and a half times the request timeout.

        The event loop is given back after every `SLICE_MESSAGES` handed over.
        """
        producer = await self._connected()
        if producer is None:
            return ["retry"] * len(batch)
        results: list[Result] = ["retry"] * len(batch)
        sent: dict[asyncio.Future[Any], int] = {}
        deadline_s = asyncio.get_running_loop().time() + self._timeout_s * PATIENCE_FACTOR
        try:
            async with asyncio.timeout_at(deadline_s):
                await self._hand_over(producer, batch, sent, results)
                if sent:
                    await asyncio.wait(sent)
        except TimeoutError:
            logger.warning("no answer from the broker for %d messages", len(sent))
        for future, index in sent.items():
            results[index] = outcome_of(future)
        return results

    async def _hand_over(
        self,
        producer: AIOKafkaProducer,
        batch: Sequence[Outgoing],
        sent: "dict[asyncio.Future[Any], int]",
        results: list[Result],
    ) -> None:
        """Give each message to the producer, which blocks while its buffer is full."""
        for index, (topic, key, value) in enumerate(batch):
            try:
                sent[await producer.send(topic, value, key=key)] = index
            except (KafkaError, OSError) as error:
                results[index] = result_of(error)
            if index % SLICE_MESSAGES == SLICE_MESSAGES - 1:
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop the producer, within the request timeout."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer, self._timeout_s)

    async def _connected(self) -> AIOKafkaProducer | None:
        if self._producer is not None:
            return self._producer
        producer = AIOKafkaProducer(**self._options)
        try:
            await asyncio.wait_for(producer.start(), self._timeout_s)
        except (KafkaError, OSError, TimeoutError) as error:
            logger.warning("no broker to publish to: %s", error)
            await _stop(producer, 1)
            return None
        except BaseException:
            await _stop(producer, 1)
            raise
        self._producer = producer
        return producer


def outcome_of(future: "asyncio.Future[Any]") -> Result:
    """What became of one message; one that is not acknowledged yet is worth another try."""
    if not future.done() or future.cancelled():
        future.cancel()
        return "retry"
    error = future.exception()
    if error is None:
        return "delivered"
    if isinstance(error, KafkaError | OSError):
        return result_of(error)
    raise error


def result_of(error: Exception) -> Result:
    """What a failure means for its message: refused for good, or worth another try."""
    if isinstance(error, TopicAuthorizationFailedError):
        logger.error("the broker lets us not write: %s", error)
    return "refused" if isinstance(error, REFUSALS) else "retry"


async def _stop(producer: AIOKafkaProducer, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(producer.stop(), timeout_s)
    except (KafkaError, OSError, TimeoutError) as error:
        logger.warning("the producer did not stop in order: %s", error)
