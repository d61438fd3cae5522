"""Letters as lines and as JSON; what could break a terminal is escaped (sans-I/O)."""

from dataclasses import dataclass, field
from typing import Any

from app.dlq.letters import Stored, head_of, whose

PREVIEW_BYTES = 400
HEAD = ("request_id", "produced_at", "producer_id", "provider", "model_requested", "outcome")
DETAIL_CHARS = 120
MOST_COPIED_CHARS = 256


@dataclass(slots=True)
class Tally:
    """How many letters there are, by stage and reason, and how many of them wait."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting: int = 0

    def add(self, stored: Stored) -> None:
        """One more."""
        name = (stored.letter.stage, stored.letter.reason)
        self.counts[name] = self.counts.get(name, 0) + 1
        self.waiting += not stored.replayed

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """A line for each, the most frequent first, and one for all."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [
            *(f"{count:8} {stage} {reason}" for (stage, reason), count in ranked),
            f"{self.total} dead letters, {self.waiting} of them not sent again",
        ]


def line_of(stored: Stored) -> str:
    """A letter on one line."""
    letter = stored.letter
    state = "sent again" if stored.replayed else f"attempt {letter.attempt}"
    origin = f"{letter.origin.topic}-{letter.origin.partition}@{letter.origin.offset}"
    return (
        f"{stored.place:12} {letter.dead_at:%Y-%m-%dT%H:%M:%S} {letter.stage:9} {letter.reason:18}"
        f" {origin} {state:10} {_escaped(letter.detail)[:DETAIL_CHARS]}"
    )


def shown(stored: Stored) -> dict[str, Any]:
    """Everything there is to know of a letter, its value as a preview; to be dumped as ASCII."""
    letter, head = stored.letter, head_of(stored.letter)
    value = letter.raw_value or b""
    tenant, user = whose(stored)
    return {
        "place": stored.place,
        "sent_again": stored.replayed,
        **letter.model_dump(mode="json", exclude={"raw_key", "raw_value"}),
        "tenant": tenant,
        "user": user,
        "head": {name: str(head[name])[:MOST_COPIED_CHARS] for name in HEAD if name in head},
        "key": None if letter.raw_key is None else stored.key[:MOST_COPIED_CHARS],
        "value_bytes": None if letter.raw_value is None else len(value),
        "value_begins": value[:PREVIEW_BYTES].decode("utf-8", "backslashreplace"),
    }


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode()
