"""How far behind the streams are, by topic: pure.

lag   messages between the end of the topic and the first one that is not handled, over the
      partitions that this process reads
age   seconds since the broker got the oldest message that is not handled, or, where everything is,
      how old the last one was when it was handled. For a partition that is behind, but of which
      nothing has been fetched, it is counted from when that was first seen: a lower bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class TopicLag(NamedTuple):
    """Of one topic; None: not known."""

    records: int | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One partition: its end as far as known, the next offset to handle, the time of that one."""

    topic: str
    end: int | None
    next_offset: int | None
    waiting_since_s: float | None


class LagMeter:
    """Adds up what is seen of the partitions; remembers since when one has been behind."""

    def __init__(self) -> None:
        """Nothing seen."""
        self._behind_since_s: dict[Any, float] = {}

    def measure(
        self, views: Mapping[Any, PartitionView], last_age_s: Mapping[str, float], now_s: float
    ) -> dict[str, TopicLag]:
        """The lag of each topic; `last_age_s`: how old its last message was when handled."""
        records: dict[str, int | None] = {}
        ages: dict[str, float] = {}
        for tp, view in views.items():
            lag = _lag(view)
            before = records.get(view.topic, 0)
            records[view.topic] = None if lag is None or before is None else before + lag
            since_s = self._since(tp, view, lag, now_s)
            if since_s is not None:
                ages[view.topic] = max(ages.get(view.topic, 0.0), now_s - since_s)
        self._behind_since_s = {tp: at for tp, at in self._behind_since_s.items() if tp in views}
        return {
            topic: TopicLag(count, _age(topic, count, ages, last_age_s))
            for topic, count in records.items()
        }

    def _since(self, tp: Any, view: PartitionView, lag: int | None, now_s: float) -> float | None:
        if view.waiting_since_s is not None:
            self._behind_since_s.pop(tp, None)
            return view.waiting_since_s
        if not lag:
            self._behind_since_s.pop(tp, None)
            return None
        return self._behind_since_s.setdefault(tp, now_s)


def _lag(view: PartitionView) -> int | None:
    if view.end is None or view.next_offset is None:
        return None
    return max(0, view.end - view.next_offset)


def _age(
    topic: str, lag: int | None, waiting: Mapping[str, float], last: Mapping[str, float]
) -> float | None:
    if topic in waiting:
        return max(0.0, waiting[topic])
    return None if lag is None else last.get(topic, 0.0)
