"""The topics that accounting is read from, each up to its end as it is now."""

from collections.abc import Mapping
from typing import Any

from app.accounting.counts import decode_counts
from app.accounting.identity import Ledger, Seen
from app.errors import RecordError
from app.record.codec import decode_dead_letter, decode_fact, decode_record
from app.record.topics import Topics
from app.topic_messages import messages_until_now

MARGIN_S = 60.0


async def read_ledger(
    topics: Topics, connection: Mapping[str, Any], *, since_s: float, until_s: float
) -> Ledger:
    """Everything about the minutes from `since_s` to `until_s`. Raises: Unavailable.

    The producers' word is read first and the meter's last, so that what happens meanwhile is found
    to be counted rather than missing.
    """
    ledger, minutes = Ledger(), range(int(since_s // 60), int(until_s // 60))
    async for message in messages_until_now(topics.counts, connection):
        counts = decode_counts(message.value)
        if counts.minute in minutes or counts.minute == 0:
            ledger.add_counts(counts)
    from_s = since_s - MARGIN_S
    async for message in messages_until_now(topics.exchanges, connection, since_s=from_s):
        seen = _seen(decode_record, message.value)
        if seen is not None and seen.cell.minute in minutes:
            ledger.add_arrived(seen)
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
