"""Where a page ends: the place of its last exchange in the order of the list, as opaque text."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from app.analytics.parameters import refused
from app.errors import QueryRefused

VERSION = 1
MAX_CHARS = 256
MAX_MS = 1 << 44
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Place:
    """When the exchange started, in milliseconds since the epoch, and its id."""

    started_ms: int
    request_id: str


def encode(place: Place) -> str:
    """The cursor that continues after a place."""
    text = orjson.dumps([VERSION, place.started_ms, place.request_id])
    return urlsafe_b64encode(text).decode().rstrip("=")


def decode(cursor: str) -> Place:
    """The place that a cursor means. Raises: QueryRefused for what is no cursor of ours."""
    if len(cursor) > MAX_CHARS:
        raise _no_cursor()
    try:
        found = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as exc:
        raise _no_cursor() from exc
    match found:
        case [1, int(started_ms), str(request_id)] if type(started_ms) is int:
            if 0 <= started_ms < MAX_MS and _ID.fullmatch(request_id):
                return Place(started_ms, request_id)
    raise _no_cursor()


def _no_cursor() -> QueryRefused:
    return refused("cursor", "not a cursor that this list gave")
