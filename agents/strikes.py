"""Which items are tried for ever and which are given up: pure.

A backend that is down fails everything: that is waited for without limit. An item that fails while
others get through is at fault itself: each such attempt is a strike, and after enough of them, over
a long enough time, it is given up. An attempt counts for nothing when nobody else got through since
the item's last one, or when the backend asked for time, which says nothing about the item.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.engine.contracts import Position
from app.sinks.contract import Done, Fatal, Verdict

MAX_TRACKED = 10_000


@dataclass(frozen=True, slots=True)
class Patience:
    """So many strikes, the first of them so long ago, and an item is given up."""

    attempts: int = 8
    time_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Exhausted:
    """An item that is given up, after so many attempts beside others that got through."""

    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Strike:
    """What is remembered of an item that fails: how often, since when, and who was well then."""

    count: int
    first_s: float
    others_done: int


class Strikes:
    """The items of one sink that fail."""

    def __init__(self, patience: Patience, monotonic_s: Callable[[], float]) -> None:
        """Nothing has failed."""
        self._patience = patience
        self._monotonic_s = monotonic_s
        self._done_total = 0
        self._struck: dict[Position, Strike] = {}

    def judge(
        self, positions: Sequence[Position], verdicts: Sequence[Verdict]
    ) -> list[Verdict | Exhausted]:
        """The verdicts of one attempt, with those that are given up now."""
        done_before = self._done_total
        self._done_total += sum(isinstance(verdict, Done) for verdict in verdicts)
        return [
            self._judge(position, verdict, done_before)
            for position, verdict in zip(positions, verdicts, strict=True)
        ]

    def _judge(self, position: Position, verdict: Verdict, done_before: int) -> Verdict | Exhausted:
        if isinstance(verdict, Done | Fatal):
            self._struck.pop(position, None)
            return verdict
        if verdict.after_s is not None:
            return verdict
        strike = self._strike(position, done_before)
        if self._is_enough(strike):
            self._struck.pop(position, None)
            return Exhausted(strike.count, verdict.reason)
        self._remember(position, strike)
        return verdict

    def _strike(self, position: Position, done_before: int) -> Strike:
        known = self._struck.get(position)
        if known is None:
            known = Strike(0, self._monotonic_s(), done_before)
        if self._done_total == known.others_done:
            return known
        return replace(known, count=known.count + 1, others_done=self._done_total)

    def _is_enough(self, strike: Strike) -> bool:
        return (
            strike.count >= self._patience.attempts
            and self._monotonic_s() - strike.first_s >= self._patience.time_s
        )

    def _remember(self, position: Position, strike: Strike) -> None:
        self._struck[position] = strike
        if len(self._struck) > MAX_TRACKED:
            del self._struck[next(iter(self._struck))]
