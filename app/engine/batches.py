"""What one round of the outbox sends, as batches: one for each partition, one future for each.

A future for every message would cost more than the message. A message that does not fit any more
begins another batch of its partition, which is handed over behind the first.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from random import choice
from typing import Any, NamedTuple, Protocol

from app.errors import TailraceError
from app.partitioning import partition_of

# What Kafka adds to a message at most, in a batch of its own: the batch's head and the record's.
OVERHEAD_BYTES = 128


class Builder(Protocol):
    """What is used of aiokafka's `BatchBuilder`."""

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None) -> Any:
        """None if the message does not fit any more; the first one always does."""

    def close(self) -> None:
        """Take no more."""


class Client(Protocol):
    """What is used of aiokafka's producer."""

    def create_batch(self) -> Builder:
        """An empty one."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        """Hand a batch over; the future gets its first offset."""

    async def partitions_for(self, topic: str) -> set[int]:
        """The partitions of a topic."""


class OversizedError(TailraceError):
    """A message that no request can hold."""


class Batch(NamedTuple):
    """Messages for one partition, and who hears of their first offset."""

    topic: str
    partition: int
    builder: Builder
    taken: "asyncio.Future[Any]"


class Batches:
    """Takes messages one by one and hands them over in batches, each partition's in order."""

    def __init__(self, client: Callable[[], Client], max_request_bytes: int) -> None:
        """`client` is asked for at each round: it exists only once it is started."""
        self._client = client
        self._limit_bytes = max_request_bytes - OVERHEAD_BYTES
        self._open: dict[tuple[str, int], Batch] = {}
        self._made: list[Batch] = []
        self._partitions: dict[str, Sequence[int]] = {}

    async def add(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None
    ) -> "asyncio.Future[Any]":
        """Take a message; the future, shared by its batch, gets the batch's first offset.

        Raises: OversizedError, KafkaError.
        """
        if len(key or b"") + len(value or b"") > self._limit_bytes:
            raise OversizedError(f"a message of {len(value or b'')} bytes for {topic}")
        if partition is None:
            partition = await self._partition(topic, key)
        place = (topic, partition)
        batch = self._open.get(place)
        if batch is None or batch.builder.append(timestamp=None, key=key, value=value) is None:
            batch = self._begin(topic, partition)
            batch.builder.append(timestamp=None, key=key, value=value)
        return batch.taken

    async def submit(self) -> None:
        """Hand over what was taken. Waits while the client has an earlier batch to send first.

        Raises: KafkaError.
        """
        made, self._made = self._made, []
        self._open.clear()
        self._partitions.clear()
        for batch in made:
            batch.builder.close()
            sent = await self._client().send_batch(
                batch.builder, batch.topic, partition=batch.partition
            )
            sent.add_done_callback(partial(_pass_on, batch.taken))

    def _begin(self, topic: str, partition: int) -> Batch:
        taken = asyncio.get_running_loop().create_future()
        batch = Batch(topic, partition, self._client().create_batch(), taken)
        self._open[topic, partition] = batch
        self._made.append(batch)
        return batch

    async def _partition(self, topic: str, key: bytes | None) -> int:
        """Kafka's own rule, as all producers have it: murmur2 of the key over all partitions."""
        known = self._partitions.get(topic)
        if known is None:
            known = self._partitions[topic] = sorted(await self._client().partitions_for(topic))
        if key is None:
            return choice(known)  # noqa: S311 - nothing secret about it
        return known[partition_of(key, len(known))]


def _pass_on(taken: "asyncio.Future[Any]", sent: "asyncio.Future[Any]") -> None:
    if taken.done():
        return
    if sent.cancelled():
        taken.cancel()
    elif (error := sent.exception()) is not None:
        taken.set_exception(error)
    else:
        taken.set_result(sent.result())
