"""The spill for tests: segments made in memory, and a store without a loop."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from app.clock import ManualClock
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from proxy.publisher.spill.disk import LocalDisk
from proxy.publisher.spill.format import (
    VERSION,
    Frame,
    Header,
    Kind,
    encode_frame,
    encode_header,
    scan,
)
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.recovery import claim, segment_files
from proxy.publisher.spill.store import Store
from tests.support.faulty_disk import FaultyDisk

T = TypeVar("T")
SYNC = bytes.fromhex("f1e2d3c4b5a69788")


def record(number: int, size_bytes: int = 100) -> Outgoing:
    """A record's message, told apart by its number."""
    return Outgoing("t.exchanges", b"default|alice", b"%08d" % number + b"r" * (size_bytes - 8))


def body(number: int, size_bytes: int = 1000) -> Outgoing:
    """A body's message, told apart by its number."""
    return Outgoing("t.bodies", b"%08d" % number, b"%08d" % number + b"b" * (size_bytes - 8))


def segment_of(
    messages: Sequence[Outgoing],
    *,
    sync: bytes = SYNC,
    kind: Kind = "records",
    created_ms: int = 1_700_000_000_000,
    version: int = VERSION,
) -> bytes:
    """A whole segment."""
    data = encode_header(Header(version, kind, sync, created_ms, "test"))
    for message in messages:
        data += b"".join(encode_frame(sync, len(data), message))
    return data


def messages_in(data: bytes, sync: bytes = SYNC) -> list[Outgoing]:
    """What can be read of a segment."""
    return [item.message for item in scan(data, sync) if isinstance(item, Frame)]


def run(steps: Generator[None, None, T]) -> T:
    """An operation of the store to its end, without a loop."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


class SpillStand:
    """A store on a directory, with a clock that stands and a disk that fails as it is told."""

    def __init__(
        self,
        root: Path,
        *,
        disk: FaultyDisk | None = None,
        clock: ManualClock | None = None,
        **options: Any,
    ) -> None:
        self.root = root
        self.disk = disk or FaultyDisk()
        self.clock = clock or ManualClock()
        self.options = SpillOptions(**{"fsync": "never", **options})
        lock = claim(root)
        self.directory = lock.directory
        self.store = Store(
            lock,
            self.options,
            self.disk,
            body_topics={"t.bodies"},
            producer="test",
            clock=self.clock,
        )
        self.segments = self.store.segments
        run(self.store.open(root))

    def append(self, *messages: Outgoing) -> list[Result]:
        """What became of each."""
        return run(self.store.append(messages))

    def take(self, max_messages: int = 1000, max_bytes: int = 1 << 20) -> list[Outgoing]:
        """The next batch, done at once; empty if there is none."""
        batch = run(self.store.gather(max_messages, max_bytes))
        if batch is None:
            return []
        run(self.store.done(batch))
        return batch.messages

    def drain(self) -> list[Outgoing]:
        """Everything there is, replayed."""
        drained: list[Outgoing] = []
        while batch := self.take():
            drained += batch
        return drained

    def files(self) -> list[Path]:
        """The segments on the disk, oldest first."""
        return segment_files(self.directory, LocalDisk())

    def close(self) -> None:
        """As a process that stops in order."""
        run(self.store.close())
