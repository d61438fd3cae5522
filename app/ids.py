"""Identifiers, injected: request ids are UUIDv7 (RFC 9562), so that they sort by time."""

from typing import Protocol

import uuid_utils


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
