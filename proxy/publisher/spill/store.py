"""One process's spill as a whole: blocking, in slices short enough for the event loop beside it.

A pure-Python stretch in a thread keeps the event loop from running, so every longer operation is a
generator that pauses often; who drives it (see `spill.py`) lets the loop run in between.
"""

from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from typing import TypeVar

from app.clock import Clock
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from proxy.publisher.spill.disk import Disk
from proxy.publisher.spill.format import Kind, fits
from proxy.publisher.spill.lock import DirectoryLock
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.reading import Reading, SpillBatch
from proxy.publisher.spill.recovery import adopt, recover
from proxy.publisher.spill.segments import Segments
from proxy.publisher.spill.writing import Writing, slices

T = TypeVar("T")
Steps = Generator[None, None, T]
# All that the sender takes at once, half a millisecond. Behind each slice the thread waits for the
# interpreter, switching to and fro with the relay: in slices of 50 a call costs 98 µs, not 80.
SLICE_MESSAGES = 200
SLICE_BYTES = 1 << 20


class Store:
    """The segments of a directory that we own. Used by one thread at a time; raises nothing."""

    def __init__(
        self,
        lock: DirectoryLock,
        options: SpillOptions,
        disk: Disk,
        *,
        body_topics: Collection[str],
        producer: str,
        clock: Clock,
    ) -> None:
        """Nothing is read before `open`."""
        self.segments = Segments(lock.directory, disk)
        self.writing = Writing(self.segments, disk, options, clock=clock, producer=producer)
        self.reading = Reading(self.segments, self.writing, disk)
        self._lock = lock
        self._options = options
        self._disk = disk
        self._clock = clock
        self._body_topics = body_topics

    def open(self, root: Path) -> Steps[None]:
        """Adopt what dead processes left, then take in all segments."""
        try:
            adopt(root, self._lock.directory, self._disk, self._options.max_bytes)
        except OSError as error:
            self.segments.fail(error)
        yield
        try:
            yield from recover(self.segments, self._disk, self._clock)
        except OSError as error:
            self.segments.fail(error)

    def append(self, messages: Sequence[Outgoing]) -> Steps[list[Result]]:
        """Write messages, records first; see `Outlet.deliver` for the results."""
        results: list[Result] = ["refused"] * len(messages)
        self.writing.expire()
        has_written = False
        for kind, places in self._by_kind(messages).items():
            chosen = [messages[place] for place in places]
            for part in slices(chosen, SLICE_MESSAGES, SLICE_BYTES):
                if has_written:
                    # Between slices, not behind the last: each is a turn of the thread, which has
                    # to get hold of the interpreter again while calls go on.
                    yield
                written = self.writing.append(kind, chosen[part.start : part.stop])
                for index in part:
                    results[places[index]] = "delivered" if written else "retry"
                has_written = True
        if self._options.fsync == "always" and not self.writing.sync():
            return ["retry" if result == "delivered" else result for result in results]
        return results

    def gather(self, max_messages: int, max_bytes: int) -> Steps[SpillBatch | None]:
        """See `Reading.gather`."""
        self.writing.expire()
        return (yield from self.reading.gather(max_messages, max_bytes))

    def done(self, batch: SpillBatch) -> Steps[None]:
        """See `Reading.done`."""
        self.reading.done(batch)
        yield

    def upkeep(self) -> Steps[None]:
        """What is due now and then: fsync, the age limit, retries of what the disk refused."""
        if self._options.fsync == "interval":
            self.writing.sync()
        yield
        self.writing.expire()
        self.segments.delete_retired()
        if self.segments.state != "ok":
            self.writing.probe()

    def close(self) -> Steps[None]:
        """Bring everything to the device as the policy says, and let others have the directory."""
        self.writing.close()
        self._lock.release()
        yield

    def _by_kind(self, messages: Sequence[Outgoing]) -> dict[Kind, list[int]]:
        """The places of all that can be kept, records before bodies."""
        places: dict[Kind, list[int]] = {"records": [], "bodies": []}
        for place, message in enumerate(messages):
            if fits(message):
                places["bodies" if message.topic in self._body_topics else "records"].append(place)
        return places
