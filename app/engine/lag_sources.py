"""Where the figures of `lag.py` come from: the consumer's own books and the Kafka client.

A partition's end is what the last fetch said. One that is not fetched, because it is paused or its
buffer is full, is asked for; some brokers answer a little less than the end, so the highest of all
that is known counts.
"""

from collections.abc import Iterator
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engine.lag import LagMeter, PartitionView, TopicLag

if TYPE_CHECKING:
    from app.engine.consumer import Consumer


class Waiting(NamedTuple):
    """The first message of a partition that is not handled, and the broker's time of it, or 0."""

    offset: int
    since_s: float


class LagSources:
    """The lag of one incarnation's consumer."""

    def __init__(self, reader: "Consumer") -> None:
        """Nothing is asked yet."""
        self._reader = reader
        self._meter = LagMeter()
        self._asked: dict[Any, int] = {}

    async def measure(self, *, ask: bool) -> dict[str, TopicLag]:
        """The lag of each topic that is read; empty while partitions move.

        `ask`: also ask the broker for the ends of what is not fetched.
        """
        reader = self._reader
        if reader.reading_generation is None:
            return {}
        generation = reader.reading_generation
        if ask:
            idle = set(self._sources()) - reader.fetchable()
            self._asked = dict(await reader.client_thread.ends(idle))
        if generation != reader.reading_generation:
            return {}
        oldest = self._oldest()
        views = {tp: self._view(tp, oldest.get(tp)) for tp in self._sources()}
        return self._meter.measure(views, reader.last_age_s, time())

    def assigned(self) -> dict[str, list[int]]:
        """The partitions that are read, by topic; empty while they move."""
        found: dict[str, list[int]] = {}
        if self._reader.reading_generation is not None:
            for tp in sorted(self._sources()):
                found.setdefault(tp.topic, []).append(tp.partition)
        return found

    def _sources(self) -> list[Any]:
        return [tp for tp in self._reader.assignment() if self._reader._is_source(tp.topic)]

    def _view(self, tp: Any, oldest: Waiting | None) -> PartitionView:
        highwater, position = self._reader.client_thread.marks(tp)
        delivered = self._reader._delivered.get(tp)
        next_offset = position if delivered is None else delivered + 1
        ends = [end for end in (highwater, self._asked.get(tp)) if end is not None]
        if ends and next_offset is not None:
            ends.append(next_offset)
        if oldest is not None:
            next_offset = oldest.offset
        since_s = oldest.since_s if oldest is not None and oldest.since_s > 0 else None
        return PartitionView(tp.topic, max(ends, default=None), next_offset, since_s)

    def _oldest(self) -> dict[Any, Waiting]:
        """Of each partition the first message that was read and is not handled."""
        found: dict[Any, Waiting] = {}
        for tp, waiting in self._waiting():
            if tp not in found or waiting.offset < found[tp].offset:
                found[tp] = waiting
        return found

    def _waiting(self) -> Iterator[tuple[Any, Waiting]]:
        reader = self._reader
        for message in reader._unacked_messages:
            yield message.tp, Waiting(message.offset, message.timestamp or 0.0)
        for topic in {tp.topic for tp in self._sources()}:
            for message in reader.buffered(topic):
                yield message.tp, Waiting(message.offset, message.timestamp or 0.0)
        for tp, (offset, since_s) in reader.rewound.items():
            yield tp, Waiting(offset, since_s)
