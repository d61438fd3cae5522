"""Dead letters for tests of the commands."""

from datetime import UTC, datetime
from typing import Any

from app.dlq.letters import Stored
from app.record.dead_letter import DeadLetter, Origin

DEAD_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def letter(offset: int = 7, **changes: Any) -> DeadLetter:
    """A letter of the meter, changed as given."""
    given: dict[str, Any] = {
        "reason": "invalid",
        "detail": "no such thing",
        "origin": Origin(topic="tailrace.exchanges", partition=2, offset=offset, epoch="e"),
        "stage": "meter",
        "attempt": 0,
        "dead_at": DEAD_AT,
        "raw_key": b"acme|alice",
        "raw_value": b'{"tenant": "acme", "user": "alice"}',
    }
    return DeadLetter(**(given | changes))


def stored(
    partition: int = 1,
    offset: int = 3,
    *,
    offset_of_origin: int = 7,
    replayed: bool = False,
    **changes: Any,
) -> Stored:
    """The same at a place of its own; `offset_of_origin` is where the message lay."""
    return Stored(partition, offset, letter(offset_of_origin, **changes), replayed)
