"""In-memory twins of the engine's contracts: stores, emitter and live tables without a broker.

They keep what a broker would call durable apart from what was only queued, so that a test can crash
a handler, choose which writes survived, and read the same messages again.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from app.engine.contracts import Copy
from app.errors import Unavailable


class MemoryStore:
    """A `Store` in a dict: puts are visible at once, and in the changelog from `commit` on.

    As with RocksDB, what is on the local disk may be ahead of the changelog after a crash.
    """

    def __init__(self) -> None:
        self._changelog: dict[bytes, bytes] = {}
        self._values: dict[bytes, bytes] = {}
        self.queued: list[tuple[bytes, bytes]] = []

    def get(self, key: bytes) -> bytes | None:
        """The value put last under `key`, or None."""
        return self._values.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Replace the value under `key`."""
        self._values[key] = value
        self.queued.append((key, value))

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values, in the order of the keys, as they were when asked."""
        return iter(sorted(self._values.items()))

    def commit(self) -> None:
        """Bring everything queued into the changelog."""
        self._changelog.update(self.queued)
        self.queued.clear()

    def crash(self, survivors: Container[int] = (), on_disk: Container[int] = ()) -> None:
        """Lose what was queued since the last commit, except the puts with these indexes.

        `survivors` came into the changelog; `on_disk` are on the local disk alone, which is lost
        with the next crash that does not name them again.
        """
        queued = list(enumerate(self.queued))
        self._changelog.update(put for index, put in queued if index in survivors)
        self._values = dict(self._changelog)
        self._values.update(put for index, put in queued if index in survivors or index in on_disk)
        self.queued.clear()


@dataclass(frozen=True, slots=True)
class Emitted:
    """One message given to the emitter."""

    topic: str
    key: bytes | None
    value: bytes


class MemoryEmitter:
    """An `Emitter` that keeps what it was given, with the same commit and crash as a store."""

    def __init__(self) -> None:
        self.durable: list[Emitted] = []
        self.queued: list[Emitted] = []

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Queue a message."""
        self.queued.append(Emitted(topic, key, value))

    def on(self, topic: str) -> list[Emitted]:
        """Everything emitted on one topic, durable or only queued, in order."""
        return [each for each in (*self.durable, *self.queued) if each.topic == topic]

    def commit(self) -> None:
        """Make everything queued durable."""
        self.durable += self.queued
        self.queued.clear()

    def crash(self, survivors: Container[int] = ()) -> None:
        """Lose what was queued since the last commit, except the messages with these indexes."""
        self.durable += [each for index, each in enumerate(self.queued) if index in survivors]
        self.queued.clear()


@dataclass
class MemoryTables:
    """`LiveTables` over memory stores: `stores[table, partition]`; `ready` opens and shuts them.

    `age_s` is how old they are as copies; None: there are none.
    """

    stores: dict[tuple[str, int], MemoryStore] = field(default_factory=dict)
    ready: bool = True
    age_s: float | None = None
    broker_takes: bool = True

    def store(self, table: str, partition: int = 0) -> MemoryStore:
        """The store of one partition, made at the first call."""
        return self.stores.setdefault((table, partition), MemoryStore())

    def check_ready(self) -> None:
        """Return if the tables can be read. Raises: Unavailable while `ready` is false."""
        if not self.ready:
            raise Unavailable("the tables are recovering")

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value under `key` in any partition. Raises: Unavailable as `check_ready`."""
        self.check_ready()
        for (name, _), store in self.stores.items():
            if name == table and (value := store.get(key)) is not None:
                return value
        return None

    async def durable(self, table: str, keys: Sequence[bytes] | None = None) -> None:
        """Return at once. Raises: Unavailable while `broker_takes` is false."""
        del table, keys
        if not self.broker_takes:
            raise Unavailable("the broker does not take changes")

    def copy_of(self, table: str, key: bytes) -> Copy:
        """The value under `key`, `age_s` old. Raises: Unavailable without copies."""
        if self.age_s is None:
            raise Unavailable("no copy is held")
        found = (store.get(key) for (name, _), store in self.stores.items() if name == table)
        return Copy(next((value for value in found if value is not None), None), self.age_s)

    def scan(self, table: str, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values of one partition. Raises: Unavailable as `check_ready`."""
        self.check_ready()
        return self.store(table, partition).items()
