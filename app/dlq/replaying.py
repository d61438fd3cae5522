"""Which letters may be sent again, and in what portions (sans-I/O)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.dlq.letters import Identity, Stored, head_of
from app.record.topics import Topics

DAY_S = 86_400
PORTION_LETTERS = 200
PORTION_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """What may be sent again.

    Records and deliveries are told from duplicates by ids that are remembered for a time, so they
    are refused when they have waited too long; the effects of other messages replace what is there.
    """

    topics: Topics
    max_attempts: int
    max_age_s: float
    seen_ttl_s: float

    def refusal(self, stored: Stored, now_s: float) -> str | None:
        """Why a letter must not be sent; None if it may."""
        letter, topics = stored.letter, self.topics
        if letter.attempt >= self.max_attempts:
            return (
                f"came back {letter.attempt} times: mend its cause, then raise --max-attempts"
                " (TAILRACE_DEAD_LETTERS__MAX_ATTEMPTS)"
            )
        if letter.cut_bytes:
            return f"{letter.cut_bytes} bytes of it were too many to be kept: it is not whole"
        if letter.raw_key is None and letter.raw_value is None:
            return "there was neither a key nor a value"
        if letter.origin.topic not in {spec.name for spec in topics.specs()}:
            return f"{letter.origin.topic} is no topic of this deployment (its prefix is another)"
        by_remembered_id = (topics.exchanges, topics.deliveries, *topics.delivery_retries)
        return self._age_refusal(stored, now_s) if letter.origin.topic in by_remembered_id else None

    def _age_refusal(self, stored: Stored, now_s: float) -> str | None:
        dead_s = now_s - stored.letter.dead_at.timestamp()
        if dead_s > self.max_age_s:
            return (
                f"dead for {dead_s / DAY_S:.1f} days, ids are remembered for less: it could be"
                " counted twice (TAILRACE_DEAD_LETTERS__MAX_REPLAY_AGE_S)"
            )
        if stored.letter.origin.topic != self.topics.exchanges:
            return None
        age_s = now_s - (produced_at_s(stored) or now_s)
        if age_s > self.seen_ttl_s:
            return (
                f"made {age_s / DAY_S:.1f} days ago, ids are remembered for less: the meter would"
                " refuse it (TAILRACE_METER__SEEN_TTL_S)"
            )
        return None


@dataclass(slots=True)
class Plan:
    """Goes through letters, one after the other: what is sent, what is not and why."""

    rules: ReplayRules
    now_s: Callable[[], float]
    again: bool = False
    limit: int | None = None
    to_send: int = 0
    refused: int = 0
    sent_before: int = 0
    _met: set[Identity] = field(default_factory=set)
    _portion: list[Stored] = field(default_factory=list)
    _portion_bytes: int = 0

    @property
    def is_full(self) -> bool:
        """Whether as many are to be sent as were wanted."""
        return self.limit is not None and self.to_send >= self.limit

    def take(self, stored: Stored) -> str | None:
        """One more letter; why it is refused, None if it is sent or was sent before."""
        if stored.identity in self._met or (stored.replayed and not self.again):
            self.sent_before += 1
            return None
        if (reason := self.rules.refusal(stored, self.now_s())) is not None:
            self.refused += 1
            return reason
        self._met.add(stored.identity)
        self._portion.append(stored)
        self._portion_bytes += stored.size_bytes
        self.to_send += 1
        return None

    def portions(self, *, last: bool = False) -> Iterator[list[Stored]]:
        """What can be sent now: a portion once it is large enough, at the end what is left."""
        is_large = (
            len(self._portion) >= PORTION_LETTERS or self._portion_bytes >= PORTION_BYTES or last
        )
        if is_large and self._portion:
            portion, self._portion, self._portion_bytes = self._portion, [], 0
            yield portion

    def failed(self) -> None:
        """The broker did not take one that was to be sent."""
        self.to_send -= 1
        self.refused += 1


def produced_at_s(stored: Stored) -> float | None:
    """When the record in a letter was made; None where that cannot be read."""
    try:
        return datetime.fromisoformat(head_of(stored.letter)["produced_at"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
