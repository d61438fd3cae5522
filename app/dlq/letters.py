"""One letter with its place, filters, and what may be sent again (sans-I/O)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.record.dead_letter import DeadLetter

PREVIEW_BYTES = 200
DAY_S = 86_400


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
    def key(self) -> str:
        """The message's key as text."""
        return (self.letter.raw_key or b"").decode("utf-8", "replace")


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
        if self.tenant is None and self.user is None:
            return True
        tenant, user = _whose(stored)
        return self.tenant in (None, tenant) and self.user in (None, user)


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """What may be sent again."""

    max_attempts: int
    max_age_s: float
    again: bool = False

    def refusal(self, stored: Stored, now_s: float) -> str | None:
        """Why a letter is not sent; None if it is."""
        letter = stored.letter
        if stored.replayed and not self.again:
            return "sent already; --again sends it once more"
        if letter.attempt >= self.max_attempts:
            return f"came back {letter.attempt} times: mend its cause, or raise --max-attempts"
        if letter.cut_bytes:
            return f"{letter.cut_bytes} bytes of it were too many to be kept"
        age_s = now_s - letter.dead_at.timestamp()
        if age_s > self.max_age_s:
            return (
                f"dead for {age_s / DAY_S:.1f} days, ids are remembered for less: it could be"
                " counted twice (TAILRACE_DEAD_LETTERS__MAX_REPLAY_AGE_S)"
            )
        return None


@dataclass(slots=True)
class Tally:
    """How many letters there are, by stage and reason."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, stored: Stored) -> None:
        """One more."""
        name = (stored.letter.stage, stored.letter.reason)
        self.counts[name] = self.counts.get(name, 0) + 1

    def lines(self) -> list[str]:
        """A line for each, the most frequent first."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [f"{count:8} {stage} {reason}" for (stage, reason), count in ranked]


def line_of(stored: Stored) -> str:
    """A letter on one line; what could break a terminal is escaped."""
    letter = stored.letter
    state = "sent again" if stored.replayed else f"attempt {letter.attempt}"
    origin = f"{letter.origin.topic}-{letter.origin.partition}@{letter.origin.offset}"
    detail = letter.detail.encode("unicode_escape").decode()[:120]
    return (
        f"{stored.place:12} {letter.dead_at:%Y-%m-%dT%H:%M:%S} {letter.stage:8} {letter.reason:18}"
        f" {origin} {state:10} {detail}"
    )


def shown(stored: Stored) -> dict[str, Any]:
    """Everything there is to know of a letter, its value as a preview."""
    letter = stored.letter
    value = letter.raw_value or b""
    return {
        "place": stored.place,
        "replayed": stored.replayed,
        **letter.model_dump(mode="json", exclude={"raw_key", "raw_value"}),
        "key": stored.key,
        "value_bytes": len(value),
        "value_begins": value[:PREVIEW_BYTES].decode("utf-8", "backslashreplace"),
    }


def _whose(stored: Stored) -> tuple[str | None, str | None]:
    """Tenant and user: the value's, where it can be read, else the key's."""
    try:
        value = orjson.loads(stored.letter.raw_value or b"")
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        record = value.get("record") if isinstance(value.get("record"), dict) else value
        if isinstance(record, dict) and isinstance(record.get("user"), str):
            return str(record.get("tenant", "default")), record["user"]
    tenant, found, user = stored.key.partition("|")
    return (tenant, user) if found else (None, None)
