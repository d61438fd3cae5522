"""The facts of the past, read from their topic by a consumer of no group."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from app.errors import QueryRefused, RecordError, Unavailable
from app.record.codec import decode_fact
from app.record.fact import Fact

POLL_MS = 500
POLL_RECORDS = 500
TIMEOUT_S = 30.0
Keep = Callable[[Fact], bool]
"""Takes in one fact; true: no more are wanted."""


class FactLog(Protocol):
    """Facts by the time at which they were emitted."""

    async def read(
        self,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """Give every fact of a time to `keep`, some more than once; `only` names requests.

        Raises: Unavailable; QueryRefused (400) where it takes too long.
        """


class MemoryFacts:
    """The twin: a list of facts."""

    def __init__(self, facts: Sequence[Fact] = ()) -> None:
        self.facts = list(facts)

    async def read(
        self,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """As the protocol."""
        for fact in self.facts:
            at_s = fact.metered_at.timestamp()
            in_time = since_s <= at_s and (before_s is None or at_s < before_s)
            if in_time and (only is None or fact.record.request_id in only) and keep(fact):
                return


class FactTopic:
    """The topic `facts`."""

    def __init__(self, connection: Mapping[str, Any], topic: str) -> None:
        """Nothing is connected."""
        self._connection = dict(connection)
        self._topic = topic

    async def read(
        self,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """As the protocol; what cannot be read is passed over."""
        consumer = AIOKafkaConsumer(
            self._topic,
            **self._connection,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=POLL_RECORDS,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await consumer.start()
                await self._scan(consumer, since_s, before_s, keep, only)
        except TimeoutError as exc:
            text = f"that took longer than {TIMEOUT_S:g} s: ask for a shorter or a later time"
            raise QueryRefused(400, "too_long", text, "from") from exc
        except (KafkaError, OSError) as exc:
            raise Unavailable(f"topic {self._topic} cannot be read: {exc!r}") from exc
        finally:
            await consumer.stop()

    async def _scan(
        self,
        consumer: Any,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        only: Collection[str] | None,
    ) -> None:
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        await _seek(consumer, partitions, since_s)
        keys = None if only is None else {each.encode() for each in only}
        left = set(partitions)
        while left:
            batches = await consumer.getmany(timeout_ms=POLL_MS)
            for tp, messages in batches.items():
                wanted = [each for each in messages if keys is None or each.key in keys]
                is_enough = await asyncio.to_thread(_give, wanted, keep)
                if is_enough:
                    return
                if before_s is not None and messages[-1].timestamp > before_s * 1000:
                    left.discard(tp)
                    consumer.pause(tp)
            if not batches:
                # only then: a broker may say that the end is nearer than it is
                left = {tp for tp in left if await consumer.position(tp) < ends[tp]}


async def _seek(consumer: Any, partitions: Collection[TopicPartition], since_s: float) -> None:
    """To the first message of a time; where the broker cannot tell, to the beginning."""
    await consumer.seek_to_beginning(*partitions)
    if since_s <= 0:
        return
    try:
        found = await consumer.offsets_for_times({tp: int(since_s * 1000) for tp in partitions})
    except KafkaError:
        return
    nothing_later = [tp for tp in partitions if found.get(tp) is None]
    if nothing_later:
        await consumer.seek_to_end(*nothing_later)
    for tp, offset in found.items():
        if offset is not None:
            consumer.seek(tp, offset.offset)


def _give(messages: Sequence[Any], keep: Keep) -> bool:
    """Decode and keep, off the loop; whether enough is there."""
    for message in messages:
        try:
            fact = decode_fact(message.value)
        except RecordError:
            continue
        if keep(fact):
            return True
    return False
