"""A place in the archive as a row of the table `bodies` (`config/sql/0002_bodies.sql`); pure."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.ids import minted_at_ms
from app.record.archived import ArchivedBodies
from app.record.codec import decode_archived

TABLE: Final = "bodies"
COLUMNS: Final = (
    *("tenant", "request_id", "id_at", "object", "offset", "length"),
    *("request_bytes", "response_bytes", "started_at", "archived_at"),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2299, 12, 31, tzinfo=UTC)
"""The engine's times end there; it would wrap later ones around."""


def row_in(value: bytes | None) -> list[Any]:
    """The row of the place in a message's value. Raises: RecordError."""
    return row_of(decode_archived(value))


def row_of(place: ArchivedBodies) -> list[Any]:
    """Its values in the order of `COLUMNS`."""
    return [
        place.tenant,
        place.request_id,
        EPOCH + timedelta(milliseconds=minted_at_ms(place.request_id)),
        place.object,
        place.offset,
        place.length,
        place.request_bytes,
        place.response_bytes,
        min(place.started_at, LAST),
        min(place.archived_at, LAST),
    ]
