"""Reads the letters as they are now, and the notes of what was sent again, by plain consumers.

No group is joined and no offset committed: reading leaves no trace.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from app.dlq.letters import Identity, LetterFilter, Stored, offsets_in
from app.errors import RecordError, Unavailable
from app.record.codec import decode_dead_letter
from app.record.topics import Topics

FETCH_BYTES = 16 << 20
POLL_MS = 500
MARGIN_MS = 60_000
ASSIGNED_S = 30.0
ALL = LetterFilter()


class LetterTopic:
    """The dead letters of a deployment."""

    def __init__(self, topics: Topics, connection: Mapping[str, Any]) -> None:
        """Nothing is connected; `connection` is in aiokafka's terms."""
        self._topics = topics
        self._connection = dict(connection)

    async def letters(self, wanted: LetterFilter = ALL) -> AsyncGenerator[Stored, None]:
        """The letters a filter wants, oldest first within a partition. Raises: Unavailable."""
        replayed = await self._replayed()
        async with aclosing(self._messages(self._topics.dead_letters, wanted)) as messages:
            async for message in messages:
                try:
                    letter = decode_dead_letter(message.value)
                except RecordError:
                    # Not one of ours, or of a newer build: it stays where it is.
                    continue
                stored = Stored(message.partition, message.offset, letter)
                if stored.identity in replayed:
                    stored = Stored(message.partition, message.offset, letter, replayed=True)
                if wanted.wants(stored):
                    yield stored

    async def _replayed(self) -> set[Identity]:
        found = set()
        topic = self._topics.dead_letters_replayed
        async with aclosing(self._messages(topic, ALL)) as messages:
            async for message in messages:
                if (identity := identity_in(message.value)) is not None:
                    found.add(identity)
        return found

    async def _messages(self, topic: str, wanted: LetterFilter) -> AsyncGenerator[Any, None]:
        """The messages of a topic up to its end as it is now, from where the filter begins."""
        consumer = AIOKafkaConsumer(
            **self._connection,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=4 * FETCH_BYTES,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        try:
            await consumer.start()
            await _subscribe(consumer, topic)
            ends = await self._span(consumer, wanted)
            while [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
                for tp, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                    for message in batch:
                        if message.offset < ends[tp]:
                            yield message
        except (KafkaError, OSError, TimeoutError) as exc:
            raise Unavailable(f"topic {topic} cannot be read: {exc}") from exc
        finally:
            await consumer.stop()

    async def _span(
        self, consumer: AIOKafkaConsumer, wanted: LetterFilter
    ) -> dict[TopicPartition, int]:
        """Go to where reading begins; where it ends, by partition."""
        everywhere, places = consumer.assignment(), offsets_in(wanted.places)
        partitions = [tp for tp in everywhere if not wanted.places or tp.partition in places]
        if ignored := [tp for tp in everywhere if tp not in partitions]:
            consumer.pause(*ignored)
        if not partitions:
            return {}
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        begins: dict[TopicPartition, int] = await consumer.beginning_offsets(partitions)
        if wanted.since is not None:
            since_ms = max(0, int(wanted.since.timestamp() * 1000) - MARGIN_MS)
            found = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
            begins |= {tp: ends[tp] if at is None else at.offset for tp, at in found.items()}
        for tp in partitions:
            if wanted.places:
                begins[tp] = max(begins[tp], min(places[tp.partition]))
                ends[tp] = min(ends[tp], max(places[tp.partition]) + 1)
            consumer.seek(tp, min(begins[tp], ends[tp]))
        return ends


async def _subscribe(consumer: AIOKafkaConsumer, topic: str) -> None:
    """Have all partitions of a topic. Raises: Unavailable at once where there is none."""
    if topic not in await consumer.topics():
        raise Unavailable(f"there is no topic {topic}")
    consumer.subscribe([topic])
    async with asyncio.timeout(ASSIGNED_S):
        while not consumer.assignment():  # noqa: ASYNC110 - aiokafka tells nobody
            await asyncio.sleep(0.01)


def note_of(stored: Stored) -> bytes:
    """What is noted of a letter that was sent again."""
    return orjson.dumps({"place": stored.place, "origin": list(stored.identity)})


def identity_in(note: bytes | None) -> Identity | None:
    """Which message a note is about; None for what is no note."""
    try:
        stage, epoch, topic, partition, offset = orjson.loads(note or b"null")["origin"]
        return Identity(str(stage), str(epoch), str(topic), int(partition), int(offset))
    except (ValueError, TypeError, KeyError):
        return None
