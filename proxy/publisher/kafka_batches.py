"""Messages gathered into the producer's batches: few of them, and one future for each.

A batch costs more than its messages, with a future, a place in a request and one in the answer. So
records go to the partition of their key, which all totals rely on, but the bodies of one delivery
to one partition, whichever (as KIP-480 has it): each has a key of its own, and nothing needs two
bodies to lie in the same partition. What does not fit into a batch begins another one: of bodies
for the next partition, of records to be sent behind the first.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import randrange
from typing import Final

from app.engine.batches import OVERHEAD_BYTES, Builder
from app.partitioning import partition_of
from app.record.topics import Topics
from proxy.publisher.outgoing import Outgoing

# Whatever the prefix of all topics is.
BODIES: Final = Topics("").bodies


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
        # By topic and partition; those of bodies, of which one is open at a time, by None.
        self._open: dict[tuple[str, int | None], Gathered] = {}
        self._made: list[Gathered] = []
        self._batches: Counter[tuple[str, int]] = Counter()

    def add(self, index: int, message: Outgoing) -> None:
        """Take a message; `index` is what it is called in `Gathered.indexes`."""
        topic, key, value = message.topic, message.key, message.value
        partition = None
        if not topic.endswith(BODIES):
            known = self._partitions[topic]
            partition = known[partition_of(key, len(known))]
        into = self._open.get((topic, partition))
        if into is None or into.builder.append(timestamp=None, key=key, value=value) is None:
            into = self._begin(topic, partition, into)
            into.builder.append(timestamp=None, key=key, value=value)
        into.indexes.append(index)

    def closed(self) -> list[Gathered]:
        """All batches, which take no more; those to be sent first come first."""
        for each in self._made:
            each.builder.close()
        # Nobody waits for a partition's second batch before all first ones are on their way.
        return sorted(self._made, key=_order)

    def _begin(self, topic: str, partition: int | None, before: Gathered | None) -> Gathered:
        """The next batch; with no partition given for that next to the one before."""
        chosen = partition
        if chosen is None:
            known = self._partitions[topic]
            place = (
                self._any_of(len(known)) if before is None else known.index(before.partition) + 1
            )
            chosen = known[place % len(known)]
        made = Gathered(topic, chosen, self._new_builder(), self._batches[topic, chosen])
        self._batches[topic, chosen] += 1
        self._open[topic, partition] = made
        self._made.append(made)
        return made


def is_too_large(message: Outgoing, limit_bytes: int) -> bool:
    """Whether no request of so many bytes can hold it."""
    return len(message.key) + len(message.value) + OVERHEAD_BYTES > limit_bytes


def _order(gathered: Gathered) -> int:
    return gathered.nth
