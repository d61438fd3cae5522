"""The topics that accounting is read from, each up to its end as it is now."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from app.accounting.counts import decode_counts
from app.accounting.identity import Ledger, Seen
from app.errors import RecordError, Unavailable
from app.record.codec import decode_dead_letter, decode_fact, decode_record
from app.record.topics import Topics

POLL_MS = 500
FETCH_BYTES = 16 << 20
MARGIN_S = 60.0


async def read_ledger(
    topics: Topics, connection: Mapping[str, Any], *, since_s: float, until_s: float
) -> Ledger:
    """Everything about the minutes from `since_s` to `until_s`. Raises: Unavailable.

    The producers' word is read first and the meter's last, so that what happens meanwhile is found
    to be counted rather than missing.
    """
    ledger, minutes = Ledger(), range(int(since_s // 60), int(until_s // 60))
    async for message in _messages(topics.counts, connection, 0):
        counts = decode_counts(message.value)
        if counts.minute in minutes or counts.minute == 0:
            ledger.add_counts(counts)
    from_s = since_s - MARGIN_S
    async for message in _messages(topics.exchanges, connection, from_s):
        seen = _seen(decode_record, message.value)
        if seen is not None and seen.cell.minute in minutes:
            ledger.add_arrived(seen)
    async for message in _messages(topics.dead_letters, connection, from_s):
        letter = _letter(message.value)
        if letter is None or letter.origin.topic != topics.exchanges:
            continue
        seen = _seen(decode_record, letter.raw_value)
        if seen is None:
            ledger.unreadable_letters += 1
        elif seen.cell.minute in minutes:
            ledger.add_dead(seen)
    async for message in _messages(topics.facts, connection, from_s):
        seen = Seen.of(decode_fact(message.value).record)
        if seen.cell.minute in minutes:
            ledger.add_metered(seen)
    return ledger


def _seen(decode: Any, value: bytes | None) -> Seen | None:
    """What matters of a record; None where it cannot be read."""
    try:
        return Seen.of(decode(value))
    except RecordError:
        # The meter cannot read it either: it is, or will be, a dead letter.
        return None


def _letter(value: bytes | None) -> Any:
    try:
        return decode_dead_letter(value)
    except RecordError:
        return None


async def _messages(topic: str, connection: Mapping[str, Any], from_s: float) -> AsyncIterator[Any]:
    """All messages since a time of the broker. Raises: Unavailable."""
    consumer = AIOKafkaConsumer(
        topic,
        **connection,
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
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.offsets_for_times(
            {each: max(0, int(from_s * 1000)) for each in partitions}
        )
        for each in partitions:
            begin = begins.get(each)
            consumer.seek(each, ends[each] if begin is None else begin.offset)
        while [each for each in partitions if await consumer.position(each) < ends[each]]:
            for each, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for message in batch:
                    if message.offset < ends[each]:
                        yield message
    except (KafkaError, OSError) as exc:
        raise Unavailable(f"topic {topic} cannot be read: {exc}") from exc
    finally:
        await consumer.stop()
