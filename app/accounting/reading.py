"""The topics that accounting is read from, each up to its end as it is now."""

from collections.abc import Mapping
from typing import Any

from app.accounting.counts import decode_counts
from app.accounting.fates import Seen
from app.accounting.identity import Ledger
from app.accounting.progress import committed_offsets
from app.errors import RecordError
from app.record.codec import decode_dead_letter, decode_fact, decode_record
from app.record.topics import Topics
from app.topic_messages import messages_until_now

MARGIN_S = 60.0


async def read_ledger(
    topics: Topics,
    connection: Mapping[str, Any],
    *,
    since_s: float,
    until_s: float,
    group: str | None = None,
) -> Ledger:
    """Everything about the minutes from `since_s` to `until_s`. Raises: Unavailable.

    The producers' word is read first and the meter's last, so that what happens meanwhile is found
    to be counted rather than missing. `group` is the meter's: without it what lies on the topic
    is in flight however long.
    """
    ledger, minutes = Ledger(), range(int(since_s // 60), int(until_s // 60))
    async for message in messages_until_now(topics.counts, connection):
        counts = decode_counts(message.value)
        if counts.minute in minutes or counts.minute == 0:
            ledger.add_counts(counts)
    from_s = since_s - MARGIN_S
    for record, is_passed in await _arrived(topics.exchanges, connection, from_s, group):
        if record.cell.minute in minutes:
            ledger.add_arrived(record, is_passed=is_passed)
    async for message in messages_until_now(topics.dead_letters, connection, since_s=from_s):
        letter = _letter(message.value)
        if letter is None or letter.origin.topic != topics.exchanges:
            continue
        seen = _seen(decode_record, letter.raw_value)
        if seen is None:
            ledger.unreadable_letters += 1
        elif seen.cell.minute in minutes:
            ledger.add_dead(seen)
    async for message in messages_until_now(topics.facts, connection, since_s=from_s):
        seen = Seen.of(decode_fact(message.value).record)
        if seen.cell.minute in minutes:
            ledger.add_metered(seen)
    return ledger


async def _arrived(
    topic: str, connection: Mapping[str, Any], since_s: float, group: str | None
) -> list[tuple[Seen, bool]]:
    """Records, and whether the group was beyond each before anything of the meter's is read."""
    found = [
        (seen, message.partition, message.offset)
        async for message in messages_until_now(topic, connection, since_s=since_s)
        if (seen := _seen(decode_record, message.value)) is not None
    ]
    passed: Mapping[int, int] = {}
    if group is not None:
        partitions = {partition for _, partition, _ in found}
        passed = await committed_offsets(group, topic, partitions, connection)
    return [(seen, offset < passed.get(partition, 0)) for seen, partition, offset in found]


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
