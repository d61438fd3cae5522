"""The broker as a way out: a plain producer, acks from all replicas, not idempotent.

Not idempotent because aiokafka never expires an idempotent batch; this one gives up after the
request timeout and says so, and the table `seen` removes what arrived twice. It boots with no
broker in reach: every delivery tries to connect again. A producer with which nothing succeeded
several times in a row is replaced, so that brokers that came back elsewhere are found.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    UnknownTopicOrPartitionError,
)

from app.plain_producer import stop_producer
from app.tasks import spawn
from proxy.publisher.kafka_batches import Gathering, is_too_large
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result

logger = logging.getLogger(__name__)
MAX_REQUEST_BYTES: Final = 9 << 20
BATCH_BYTES: Final = 256 << 10
TOO_LARGE: Final = (MessageSizeTooLargeError, RecordTooLargeError)
# A batch waits for its place in a request, for the request, and for the answer.
PATIENCE_FACTOR: Final = 2.5
TOPIC_PATIENCE_S: Final = 2.0
CLOSE_TIMEOUT_S: Final = 2.0
# About a third of a millisecond; then the event loop has its turn.
SLICE_BYTES: Final = 512 << 10
MESSAGE_COSTS_BYTES: Final = 8 << 10
FAILURES_BEFORE_ANEW: Final = 3
Known = dict[str, list[int]]
Sent = dict["asyncio.Future[Any]", list[int]]


class KafkaOutlet:
    """Delivers to Kafka, for several tasks at a time if need be.

    `connection` are aiokafka's options: servers and security.
    """

    def __init__(
        self, connection: Mapping[str, Any], *, request_timeout_s: float, compression: str = "none"
    ) -> None:
        """Nothing is connected yet."""
        self._options = dict(connection) | {
            "acks": "all",
            "max_batch_size": BATCH_BYTES,
            "max_request_size": MAX_REQUEST_BYTES,
            "request_timeout_ms": int(request_timeout_s * 1000),
            "compression_type": None if compression == "none" else compression,
        }
        self._timeout_s = request_timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._failures = 0
        self._missing: set[str] = set()

    async def start(self) -> bool:
        """Connect, or ask the brokers we know; False if none answers within the request timeout."""
        known = self._producer
        if known is None:
            return await self._connected() is not None
        answered = False
        try:
            async with asyncio.timeout(self._timeout_s):
                answered = bool(await known.client.force_metadata_update())
        except TimeoutError:
            logger.debug("no broker answers")
        finally:
            self._judge(known, ["delivered" if answered else "retry"])
        return answered

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """See `Outlet`; takes at most about three and a half times the request timeout."""
        if not batch or (producer := await self._connected()) is None:
            return ["retry"] * len(batch)
        deadline_s = asyncio.get_running_loop().time() + self._timeout_s * PATIENCE_FACTOR
        results = await self._attempt(producer, batch, deadline_s)
        for index in [i for i, result in enumerate(results) if result == "refused"]:
            if _shares_batches(batch[index]):
                # The broker refuses a batch as a whole: this one's neighbours may be to blame.
                results[index : index + 1] = await self._attempt(
                    producer, [batch[index]], deadline_s
                )
        self._judge(producer, results)
        return results

    async def close(self) -> None:
        """Stop the producer, in a short time: nothing is under way any more."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer, min(self._timeout_s, CLOSE_TIMEOUT_S))

    async def _connected(self) -> AIOKafkaProducer | None:
        async with self._connecting:
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> AIOKafkaProducer | None:
        producer = AIOKafkaProducer(**self._options)
        try:
            async with asyncio.timeout(self._timeout_s):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            logger.warning("no broker to publish to: %s", error)
            await stop_producer(producer, 1)
            return None
        except BaseException:
            await stop_producer(producer, 1)
            raise
        self._failures = 0
        return producer

    def _judge(self, producer: AIOKafkaProducer, results: Sequence[Result]) -> None:
        """Replace a producer that is no good any more."""
        self._failures = self._failures + 1 if set(results) == {"retry"} else 0
        if self._failures >= FAILURES_BEFORE_ANEW and self._producer is producer:
            logger.warning("nothing was delivered %d times: connecting anew", self._failures)
            self._producer = None
            spawn(stop_producer(producer, self._timeout_s * PATIENCE_FACTOR), name="producer-stop")

    async def _attempt(
        self, producer: AIOKafkaProducer, batch: Sequence[Outgoing], deadline_s: float
    ) -> list[Result]:
        results: list[Result] = ["retry"] * len(batch)
        sent: Sent = {}
        try:
            async with asyncio.timeout_at(deadline_s):
                known = await self._known_topics(producer, {message.topic for message in batch})
                await _hand_over(producer, batch, known, sent, results)
                if sent:
                    await asyncio.wait(sent)
        except TimeoutError:
            logger.warning("no answer from the broker for some of %d messages", len(batch))
        except asyncio.CancelledError:
            for future in sent:
                future.cancel()
            raise
        for future, indexes in sent.items():
            result = outcome_of(future)
            for index in indexes:
                results[index] = result
        return results

    async def _known_topics(self, producer: AIOKafkaProducer, topics: set[str]) -> Known:
        """Partitions of those the broker has; one that it lacks is asked for at each delivery."""
        known = {}
        for topic in topics:
            try:
                async with asyncio.timeout(TOPIC_PATIENCE_S):
                    partitions = sorted(await producer.partitions_for(topic))
            except (KafkaError, OSError, TimeoutError) as error:
                if topic not in self._missing:
                    self._missing.add(topic)
                    logger.warning("topic %s cannot be written to: %r", topic, error)
            else:
                known[topic] = partitions
        self._missing -= known.keys()
        return known


async def _hand_over(
    producer: AIOKafkaProducer,
    batch: Sequence[Outgoing],
    known: Known,
    sent: Sent,
    results: list[Result],
) -> None:
    """Give the messages to the producer, which blocks while a partition's last batch waits."""
    gathering = Gathering(known, producer.create_batch)
    spent_bytes = 0
    for index, message in enumerate(batch):
        if message.topic not in known:
            continue
        if is_too_large(message, MAX_REQUEST_BYTES):
            results[index] = "refused"
            continue
        gathering.add(index, message)
        spent_bytes += len(message.value) + MESSAGE_COSTS_BYTES
        if spent_bytes >= SLICE_BYTES:
            spent_bytes = 0
            await asyncio.sleep(0)
    for each in gathering.closed():
        try:
            future = await producer.send_batch(each.builder, each.topic, partition=each.partition)
        except Exception as error:  # noqa: BLE001 - mapped to results, as the protocol demands
            for index in each.indexes:
                results[index] = result_of(error)
        else:
            sent[future] = each.indexes


def outcome_of(future: "asyncio.Future[Any]") -> Result:
    """What became of one batch; one that is not acknowledged yet is worth another try."""
    if not future.done() or future.cancelled():
        future.cancel()
        return "retry"
    error = future.exception()
    return "delivered" if error is None else result_of(error)


def result_of(error: BaseException) -> Result:
    """What a failure means for its message: refused for good, or worth another try."""
    if isinstance(error, (*TOO_LARGE, InvalidTopicError)):
        return "refused"
    if not isinstance(error, KafkaError | OSError):
        logger.error("the producer failed in an unknown way: %r", error)
    elif not isinstance(error, UnknownTopicOrPartitionError):
        logger.debug("not delivered: %r", error)
    return "retry"


def _shares_batches(message: Outgoing) -> bool:
    """Whether it goes into a batch with others; a larger one has a batch of its own."""
    return len(message.value) + len(message.key) < BATCH_BYTES
