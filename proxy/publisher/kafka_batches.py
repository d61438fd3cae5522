"""Messages gathered into the producer's batches: one for each partition, and one future for each.

A future for every message would cost more than the message. What does not fit into a batch begins
another one for its partition, to be sent behind the first.
"""

from collections.abc import Callable, Mapping, Sequence

from app.engine.batches import OVERHEAD_BYTES, Builder
from app.partitioning import partition_of
from proxy.publisher.outlet import Outgoing


class Gathered:
    """A batch for one partition. `indexes` are its messages; `nth` of those for its partition."""

    __slots__ = ("builder", "indexes", "nth", "partition", "topic")

    def __init__(self, topic: str, partition: int, builder: Builder, nth: int) -> None:
        self.topic = topic
        self.partition = partition
        self.builder = builder
        self.nth = nth
        self.indexes: list[int] = []


class Gathering:
    """Takes messages one by one and gives their batches."""

    def __init__(
        self, partitions: Mapping[str, Sequence[int]], new_builder: Callable[[], Builder]
    ) -> None:
        """`partitions` of every topic that messages are for."""
        self._partitions = partitions
        self._new_builder = new_builder
        self._open: dict[tuple[str, int], Gathered] = {}
        self._made: list[Gathered] = []

    def add(self, index: int, message: Outgoing) -> None:
        """Take a message; `index` is what it is called in `Gathered.indexes`."""
        topic, key, value = message
        known = self._partitions[topic]
        place = (topic, known[partition_of(key, len(known))])
        into = self._open.get(place)
        if into is None or into.builder.append(timestamp=None, key=key, value=value) is None:
            into = Gathered(*place, self._new_builder(), 0 if into is None else into.nth + 1)
            into.builder.append(timestamp=None, key=key, value=value)
            self._open[place] = into
            self._made.append(into)
        into.indexes.append(index)

    def closed(self) -> list[Gathered]:
        """All batches, which take no more; those to be sent first come first."""
        for each in self._made:
            each.builder.close()
        # Nobody waits for a partition's second batch before all first ones are on their way.
        return sorted(self._made, key=_order)


def is_too_large(message: Outgoing, limit_bytes: int) -> bool:
    """Whether no request of so many bytes can hold it."""
    return len(message.key) + len(message.value) + OVERHEAD_BYTES > limit_bytes


def _order(gathered: Gathered) -> int:
    return gathered.nth
