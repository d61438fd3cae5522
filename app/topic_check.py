"""Topics as they are held against topics as they should be (sans-I/O).

A topic whose partition count is not the configured one is refused wherever tables are used: a key's
partition is computed from the count, and a table lies where its source topic put it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.errors import StartError
from app.record.topics import TopicSpec

PARTITIONS = "partitions"
HOW_TO_CHANGE = (
    "a topic's partitions cannot be changed in place, since every total lies in the partition of"
    " its user: set TAILRACE_KAFKA__PARTITIONS to what the topics have, or choose another"
    " TAILRACE_KAFKA__TOPIC_PREFIX, make its topics with the new count (`tailrace topics create`),"
    " and copy the retained records into them (`tailrace topics copy --from`)"
)


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as the broker describes it; `configs` are Kafka's names and values in force."""

    partitions: int
    replicas: int = 1
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing about a topic that is not as it should be."""

    topic: str
    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}"


def differences(
    specs: Iterable[TopicSpec],
    found: Mapping[str, FoundTopic],
    *,
    partitions: int,
    replication_factor: int,
) -> list[Difference]:
    """Everything that is not as the specs say, in their order; what they leave open is not said."""
    result = []
    for spec in specs:
        topic = found.get(spec.name)
        if topic is None:
            result.append(Difference(spec.name, "the topic", "there", "missing"))
            continue
        pairs = [
            (PARTITIONS, str(spec.partitions or partitions), str(topic.partitions)),
            ("replicas", str(replication_factor), str(topic.replicas)),
            *(
                (name, wanted, topic.configs.get(name, "unknown"))
                for name, wanted in spec.configs.items()
            ),
        ]
        result += [
            Difference(spec.name, what, wanted, there)
            for what, wanted, there in pairs
            if _normal(wanted) != _normal(there)
        ]
    return result


def check_partitions(
    specs: Iterable[TopicSpec], found: Mapping[str, FoundTopic], partitions: int
) -> None:
    """Return if every topic of the configured count that is there has it. Raises: StartError.

    A topic with a count of its own is written and read whatever it has.
    """
    for spec in specs:
        topic = found.get(spec.name)
        if topic is None or spec.partitions not in (None, partitions):
            continue
        if topic.partitions != partitions:
            raise StartError(
                f"topic {spec.name} has {topic.partitions} partitions, {partitions} are"
                f" configured: {HOW_TO_CHANGE}"
            )


def _normal(value: str) -> str:
    """Lists of policies in any order are the same."""
    return ",".join(sorted(part.strip() for part in value.split(",")))
