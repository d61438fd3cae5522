"""How far back it can be told whether it adds up: as far as all that is compared is kept.

Beyond that one side is there without the other: what was metered would be missing. Sans-I/O.
"""

from collections.abc import Mapping
from typing import NamedTuple

from app.record.topics import Topics, retention_s
from app.topic_check import FoundTopic


class Kept(NamedTuple):
    """A topic, and how long it keeps what it is given."""

    topic: str
    seconds: float


def compared(topics: Topics) -> tuple[str, ...]:
    """The topics that are held against each other."""
    return topics.facts, topics.exchanges, topics.dead_letters, topics.counts


def shortest_kept(topics: Topics, found: Mapping[str, FoundTopic]) -> Kept | None:
    """The one that forgets first, by what the broker says, else by how it should be; None: none.

    `found` are topics as the broker describes them.
    """
    wanted = {spec.name: spec.configs for spec in topics.specs()}
    there = {name: {**wanted[name], **_configs(found, name)} for name in compared(topics)}
    kept = ((name, retention_s(configs)) for name, configs in there.items())
    known = [Kept(name, seconds) for name, seconds in kept if seconds is not None]
    return min(known, key=lambda each: each.seconds, default=None)


def _configs(found: Mapping[str, FoundTopic], name: str) -> Mapping[str, str]:
    topic = found.get(name)
    return {} if topic is None else topic.configs
