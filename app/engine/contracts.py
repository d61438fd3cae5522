"""What agents and tables see of the engine: small Protocols, no Faust in sight."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Position(NamedTuple):
    """Where a message lies; `epoch` names the life of the topic, offsets restart with it."""

    epoch: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Message:
    """One consumed message: raw bytes, where they lie, and its Kafka timestamp in seconds."""

    key: bytes | None
    value: bytes | None
    position: Position
    broker_time_s: float
    headers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Again:
    """A message that must be tried again, and why; None: after the loop's own jittered backoff."""

    reason: str
    after_s: float | None = None


Result = Again | None
"""What became of one message; None: done, its effects are durable or queued with the emitter."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """A batch is written once it has so many messages or bytes, or its first is so old."""

    count: int = 500
    bytes: int = 8 << 20
    age_s: float = 1.0


class SinkState(Protocol):
    """What the loops tell of a sink as they run; neither call may block or raise."""

    def attempted(self, messages: int, done: int) -> None:
        """A write or a handler ended: how many messages it had, and how many are done."""

    def waits(self, partition: int, wait_s: float | None) -> None:
        """A partition is left alone for `wait_s` before the next attempt; None: it goes on."""


class Copy(NamedTuple):
    """A value, None for none, and how old it may be in seconds: all that came before is in it."""

    value: bytes | None
    age_s: float


Write = Callable[[Sequence[Message]], Awaitable[Sequence[Result]]]
Handle = Callable[[Message], Awaitable[Result]]


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

    async def durable(self, table: str, keys: Sequence[bytes] | None = None) -> None:
        """Return once a crash cannot take back what the keys (None: all) show now.

        Raises: Unavailable, if the broker does not take the changes in time.
        """

    def copy_of(self, table: str, key: bytes) -> Copy:
        """The value under `key` in whatever copy this process holds, a standby's too.

        Raises: Unavailable where there is none, or nobody knows how old it is.
        """

    def scan(self, table: str, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values of one partition; a long read, for rebuilding an index alone."""


class StreamApp(Emitter, LiveTables, Protocol):
    """What an agent is registered on: one incarnation of the stream side."""

    def source(self, topic_name: str) -> Any:
        """A topic of raw bytes to read from."""

    def agent(self, source: Any, /, *, name: str) -> Callable[[Callable[[Any], Any]], Any]:
        """A decorator that runs a coroutine function over the stream of `source`."""

    def store(self, name: str, ttl_s: int | None = None) -> Store:
        """Declare a table; entries expire after `ttl_s`, None keeps them."""

    async def process(self, stream: Any, handle: Callable[[Message], None]) -> None:
        """Give every message of the stream to `handle`, then ack it, in offset order.

        What `handle` raises stops this incarnation without an ack.
        """

    async def process_batches(
        self, stream: Any, write: Write, limits: BatchLimits, *, state: SinkState | None = None
    ) -> None:
        """Give the messages of each partition to `write` in batches, in offset order.

        One result for each message. One batch of a partition at a time, partitions concurrently;
        offsets are committed up to the first message that is not done. On `Again` only what is
        left is tried again, in order and without limit; the partition is paused while it waits.
        What `write` raises counts as `Again` for all of the batch. `write` must be idempotent: it
        is cancelled when partitions are revoked, and the messages come again.
        """

    async def process_concurrently(
        self,
        stream: Any,
        handle: Handle,
        *,
        in_flight: int,
        window_records: int = 2000,
        state: SinkState | None = None,
    ) -> None:
        """Give up to `in_flight` messages of each partition to `handle` at a time.

        It runs up to `window_records` ahead of the oldest message that is not done: so many come
        again after a crash, and `handle` must know those that it did.
        Tables read and written inside of `handle` are those of the message's partition. Otherwise
        as `process_batches`.
        """

    def on_assigned(self, callback: Callable[[set[int]], None]) -> None:
        """Call back with the partitions of the source that are served from now on."""

    def on_revoked(self, callback: Callable[[set[int]], None]) -> None:
        """Call back with the partitions that are not served any more."""
