"""What agents and tables see of the engine: small Protocols, no Faust in sight."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Position(NamedTuple):
    """Where a message lies; `epoch` names the life of the topic, offsets restart with it."""

    epoch: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Message:
    """One consumed message: raw bytes and where they lie. `broker_time_s` is its Kafka timestamp."""

    key: bytes | None
    value: bytes | None
    position: Position
    broker_time_s: float
    headers: Mapping[str, bytes] = field(default_factory=dict)


class Store(Protocol):
    """A partitioned table of bytes, seen from inside a handler: the message's own partition.

    Never blocks for longer than a RocksDB point lookup. A `put` is durable before the offset of
    the message it was made for is committed.
    """

    def get(self, key: bytes) -> bytes | None:
        """The value put last under `key`, or None."""

    def put(self, key: bytes, value: bytes) -> None:
        """Replace the value under `key`."""


class Emitter(Protocol):
    """Produces messages whose delivery the commit of the message in hand waits for."""

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Queue a message; it is acked by all replicas before the source offset is committed."""


class LiveTables(Protocol):
    """The tables of this process as a query sees them."""

    def check_ready(self) -> None:
        """Return if every table can be read now.

        Raises: Unavailable while starting, recovering, rebalancing or stopping.
        """

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value under `key`, wherever its partition is held in this process.

        Raises: Unavailable as `check_ready`, or when another worker owns the key's partition.
        """

    def scan(self, table: str, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values of one partition; a long read, for rebuilding an index alone."""
