"""Identifiers, injected: request ids are UUIDv7 (RFC 9562), so that they sort by time."""

import re
from typing import Final, Protocol

import uuid_utils

LATEST_ID_MS: Final = 7_258_118_400_000
"""2200-01-01: an id that claims to be younger says nothing of its time."""
_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Ids(Protocol):
    """A source of fresh identifiers."""

    def request_id(self) -> str:
        """A new id, 36 characters, ordered by time of minting."""


class RandomIds:
    """UUIDv7 from the operating system's randomness."""

    def request_id(self) -> str:
        """A new UUIDv7 as text."""
        return str(uuid_utils.uuid7())


class CountedIds:
    """Ids for tests: 0, 1, 2 … in the shape of a UUID."""

    def __init__(self) -> None:
        self._next = 0

    def request_id(self) -> str:
        """The next number as a UUID-shaped string."""
        text = f"{self._next:012x}"
        self._next += 1
        return f"00000000-0000-7000-8000-{text}"


def minted_at_ms(request_id: str) -> int:
    """The time inside of an id, in milliseconds since the epoch; 0 for an id without one.

    A pure function of the id, so that what is filed by it is found again however often it comes.
    """
    parts = _UUID7.fullmatch(request_id)
    at_ms = int(parts[1] + parts[2], 16) if parts else 0
    return at_ms if at_ms < LATEST_ID_MS else 0
