"""Which messages of the retry topics are due: pure, one queue per partition.

Only the oldest message of a partition is looked at: those behind it are due later, but for the
jitter. While it is not due the partition is not read at all, so nothing waits in memory.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

Tp = TypeVar("Tp", bound=Hashable)


class Portion(NamedTuple):
    """A read of one partition: what is due, and from where to read again and when; None: go on."""

    due: Sequence[Any]
    again_offset: int | None
    again_at_s: float | None


@dataclass(slots=True)
class Waiting(Generic[Tp]):
    """The partitions that are left alone until their oldest message is due."""

    due_s: Callable[[Any], float]
    until_s: dict[Tp, float] = field(default_factory=dict)

    def portion(self, tp: Tp, messages: Sequence[Any], now_s: float) -> Portion:
        """What of the messages just read is due; the partition waits if anything is left."""
        for number, message in enumerate(messages):
            due_s = self.due_s(message)
            if due_s > now_s:
                self.until_s[tp] = due_s
                return Portion(messages[:number], message.offset, due_s)
        return Portion(messages, None, None)

    def ready(self, now_s: float) -> list[Tp]:
        """The partitions to be read again now; they wait no longer."""
        found = [tp for tp, until_s in self.until_s.items() if until_s <= now_s]
        for tp in found:
            del self.until_s[tp]
        return found

    def forget(self, tps: Sequence[Tp]) -> None:
        """Partitions that somebody else reads from now on."""
        for tp in tps:
            self.until_s.pop(tp, None)

    def sleep_s(self, now_s: float, most_s: float) -> float:
        """How long nothing becomes due, at most `most_s`."""
        if not self.until_s:
            return most_s
        return min(most_s, max(0.0, min(self.until_s.values()) - now_s))
