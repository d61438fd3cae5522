"""What outlets take: one message, whatever becomes of it."""

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True, init=False, order=True, unsafe_hash=True)
class Outgoing:
    """One message to be sent."""

    topic: Final[str]
    key: Final[bytes]
    value: Final[bytes]

    def __init__(self, topic: str, key: bytes, value: bytes) -> None:
        self.topic = topic
        self.key = key
        self.value = value
