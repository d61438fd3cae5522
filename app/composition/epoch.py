"""Which life of the topics this is: the epoch that every guard against replays carries.

It is made from the Kafka topic id of `exchanges`, so topics that are deleted and made anew begin a
new epoch without anybody saying so. A broker that knows no topic ids (Kafka before 3.1, the
embedded one) needs TAILRACE_EPOCH, which wins wherever it is set.
"""

from collections.abc import Mapping
from uuid import UUID

from app.errors import StartError


def epoch_of(setting: str | None, ids: Mapping[str, UUID], topic: str) -> str:
    """The setting, else the topic's id as 32 hex digits.

    Raises: StartError if neither is there.
    """
    if setting is not None:
        return setting
    if topic in ids:
        return ids[topic].hex
    raise StartError(
        f"the broker gives topic {topic} no id: set TAILRACE_EPOCH to a name for this life of the"
        " topics, and to another one whenever they are made anew"
    )
