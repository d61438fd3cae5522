"""The topics of dead letters and of what was sent again, by plain consumers and producers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from app.dlq.letters import Stored
from app.errors import RecordError, Unavailable
from app.record.codec import decode_dead_letter
from app.record.dead_letter import ATTEMPT_HEADER
from app.record.topics import Topics

MAX_REQUEST_BYTES = 16 << 20
FETCH_BYTES = 16 << 20
POLL_MS = 500


class LetterTopic:
    """Reads letters as they are now; sends letters again."""

    def __init__(self, topics: Topics, connection: Mapping[str, Any]) -> None:
        """Nothing is connected."""
        self._topics = topics
        self._connection = dict(connection)

    async def letters(self) -> AsyncIterator[Stored]:
        """Every letter there is, oldest first within a partition. Raises: Unavailable."""
        replayed = await self._replayed()
        async for message in self._messages(self._topics.dead_letters):
            try:
                letter = decode_dead_letter(message.value)
            except RecordError:
                # Not one of ours, or of a newer build: it stays where it is.
                continue
            place = f"{message.partition}:{message.offset}"
            yield Stored(message.partition, message.offset, letter, place in replayed)

    async def send_again(self, letters: Sequence[Stored]) -> None:
        """Send letters to where they came from, then note that they were sent.

        Raises: Unavailable; what was sent by then is sent again the next time.
        """
        producer = AIOKafkaProducer(
            **self._connection, acks="all", max_request_size=MAX_REQUEST_BYTES
        )
        try:
            await producer.start()
            sent = [
                await producer.send(
                    stored.letter.origin.topic,
                    stored.letter.raw_value,
                    key=stored.letter.raw_key,
                    headers=[(ATTEMPT_HEADER, b"%d" % (stored.letter.attempt + 1))],
                )
                for stored in letters
            ]
            for future in sent:
                await future
            noted = [
                await producer.send(
                    self._topics.dead_letters_replayed, orjson.dumps({"place": stored.place})
                )
                for stored in letters
            ]
            for future in noted:
                await future
        except (KafkaError, OSError) as exc:
            raise Unavailable(f"the broker does not take them: {exc}") from exc
        finally:
            await producer.stop()

    async def _replayed(self) -> set[str]:
        places = set()
        async for message in self._messages(self._topics.dead_letters_replayed):
            entry = orjson.loads(message.value or b"null")
            if isinstance(entry, dict):
                places.add(str(entry.get("place")))
        return places

    async def _messages(self, topic: str) -> AsyncIterator[Any]:
        """All messages of a topic up to its end as it is now."""
        consumer = AIOKafkaConsumer(
            topic,
            **self._connection,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=4 * FETCH_BYTES,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        try:
            await consumer.start()
            partitions = consumer.assignment()
            if not partitions:
                raise Unavailable(f"there is no topic {topic}")
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
                for tp, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                    for message in batch:
                        if message.offset < ends[tp]:
                            yield message
        except (KafkaError, OSError) as exc:
            raise Unavailable(f"topic {topic} cannot be read: {exc}") from exc
        finally:
            await consumer.stop()
