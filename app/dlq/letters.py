"""One letter with its place, and filters (sans-I/O)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from app.record.dead_letter import DeadLetter


class Identity(NamedTuple):
    """Tells messages apart: where one was read, and by which stage; copies of a letter share it."""

    stage: str
    epoch: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A letter and where it lies; `replayed` if it was sent again."""

    partition: int
    offset: int
    letter: DeadLetter
    replayed: bool = False

    @property
    def place(self) -> str:
        """As commands name it: `partition:offset`."""
        return f"{self.partition}:{self.offset}"

    @property
    def identity(self) -> Identity:
        """Of the message."""
        origin = self.letter.origin
        return Identity(
            self.letter.stage, origin.epoch, origin.topic, origin.partition, origin.offset
        )

    @property
    def key(self) -> str:
        """The message's key as text."""
        return (self.letter.raw_key or b"").decode("utf-8", "replace")

    @property
    def size_bytes(self) -> int:
        """Of the message, as far as it was kept."""
        return len(self.letter.raw_key or b"") + len(self.letter.raw_value or b"")


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """The letters a command is about; what is empty does not matter."""

    reasons: Sequence[str] = ()
    stages: Sequence[str] = ()
    topics: Sequence[str] = ()
    places: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    tenant: str | None = None
    user: str | None = None
    key: str | None = None
    waiting: bool = False

    def wants(self, stored: Stored) -> bool:
        """Whether a letter is one of them."""
        letter = stored.letter
        named = (
            (self.reasons, letter.reason),
            (self.stages, letter.stage),
            (self.topics, letter.origin.topic),
            (self.places, stored.place),
        )
        if any(values and value not in values for values, value in named):
            return False
        if self.since is not None and letter.dead_at < self.since:
            return False
        if self.until is not None and letter.dead_at >= self.until:
            return False
        if self.key is not None and stored.key != self.key:
            return False
        if self.waiting and stored.replayed:
            return False
        if self.tenant is None and self.user is None:
            return True
        tenant, user = whose(stored)
        return self.tenant in (None, tenant) and self.user in (None, user)


def head_of(letter: DeadLetter) -> dict[str, Any]:
    """The record in a letter's value as far as it can be read: itself, or that of a fact."""
    try:
        value = orjson.loads(letter.raw_value or b"")
    except orjson.JSONDecodeError:
        return {}
    if isinstance(value, dict) and isinstance(value.get("record"), dict):
        value = value["record"]
    return value if isinstance(value, dict) else {}


def whose(stored: Stored) -> tuple[str | None, str | None]:
    """Tenant and user: the value's, where it can be read, else the key's."""
    head = head_of(stored.letter)
    if isinstance(head.get("user"), str):
        return str(head.get("tenant", "default")), head["user"]
    tenant, found, user = stored.key.partition("|")
    return (tenant, user) if found else (None, None)


def offsets_in(places: Iterable[str]) -> dict[int, list[int]]:
    """Offsets by partition of places that are ones; what is none matches nothing."""
    found: dict[int, list[int]] = {}
    for place in places:
        partition, _, offset = place.partition(":")
        if partition.isdecimal() and offset.isdecimal():
            found.setdefault(int(partition), []).append(int(offset))
    return found
