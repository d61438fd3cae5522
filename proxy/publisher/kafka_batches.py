"""Messages gathered into the producer's batches: few of them, and one future for each.

A batch costs more than its messages, with a future, a place in a request and one in the answer. So
records go to the partition of their key, which all totals rely on, but the bodies of one delivery
to one partition, whichever (as KIP-480 has it): each has a key of its own, and nothing needs two
bodies to lie in the same partition. What does not fit into a batch begins another one: of bodies
for the next partition, of records to be sent behind the first.
"""

from collections.abc import Callable, Mapping, Sequence
from random import randrange

from app.engine.batches import OVERHEAD_BYTES, Builder
from app.partitioning import partition_of
from app.record.topics import Topics
from proxy.publisher.outlet import Outgoing

# Whatever the prefix of all topics is.
BODIES = Topics("").bodies


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
        self,
        partitions: Mapping[str, Sequence[int]],
        new_builder: Callable[[], Builder],
        any_of: Callable[[int], int] = randrange,
    ) -> None:
        """`partitions` of every topic that messages are for; `any_of(n)` gives 0 ≤ x < n."""
        self._partitions = partitions
        self._new_builder = new_builder
        self._any_of = any_of
        # By topic, and for topics with a meaning in their keys by partition.
        self._open: dict[tuple[str, int], Gathered] = {}
        self._bodies: dict[str, list[Gathered]] = {}
        self._made: list[Gathered] = []

    def add(self, index: int, message: Outgoing) -> None:
        """Take a message; `index` is what it is called in `Gathered.indexes`."""
        if message.topic.endswith(BODIES):
            self._add_body(index, message)
        else:
            self._add_keyed(index, message)

    def closed(self) -> list[Gathered]:
        """All batches, which take no more; those to be sent first come first."""
        for each in self._made:
            each.builder.close()
        # Nobody waits for a partition's second batch before all first ones are on their way.
        return sorted(self._made, key=_order)

    def _add_keyed(self, index: int, message: Outgoing) -> None:
        topic, key, value = message
        known = self._partitions[topic]
        place = (topic, known[partition_of(key, len(known))])
        into = self._open.get(place)
        if into is None or into.builder.append(timestamp=None, key=key, value=value) is None:
            into = self._begin(*place, 0 if into is None else into.nth + 1)
            into.builder.append(timestamp=None, key=key, value=value)
            self._open[place] = into
        into.indexes.append(index)

    def _add_body(self, index: int, message: Outgoing) -> None:
        topic, key, value = message
        begun = self._bodies.get(topic)
        if begun is None or begun[-1].builder.append(timestamp=None, key=key, value=value) is None:
            begun = self._begin_bodies(topic)
            begun[-1].builder.append(timestamp=None, key=key, value=value)
        begun[-1].indexes.append(index)

    def _begin_bodies(self, topic: str) -> list[Gathered]:
        """Another batch, for the partition next to that of the last one."""
        known = self._partitions[topic]
        begun = self._bodies.setdefault(topic, [])
        at = known.index(begun[-1].partition) + 1 if begun else self._any_of(len(known))
        begun.append(self._begin(topic, known[at % len(known)], len(begun) // len(known)))
        return begun

    def _begin(self, topic: str, partition: int, nth: int) -> Gathered:
        made = Gathered(topic, partition, self._new_builder(), nth)
        self._made.append(made)
        return made


def is_too_large(message: Outgoing, limit_bytes: int) -> bool:
    """Whether no request of so many bytes can hold it."""
    return len(message.key) + len(message.value) + OVERHEAD_BYTES > limit_bytes


def _order(gathered: Gathered) -> int:
    return gathered.nth
