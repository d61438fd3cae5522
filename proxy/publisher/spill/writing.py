"""Writing: appends to the newest segment of each kind, and keeps the limits.

Room is made in this order, whole segments at a time, so that metadata outlives bodies:

    1. bodies, the oldest first; a body that still finds no room is dropped itself
    2. records, the oldest first
"""

import os
from collections.abc import Callable, Iterator, Sequence

from app.clock import Clock
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.disk import HEALED_BY_ROOM, Disk
from proxy.publisher.spill.format import (
    DATA_START,
    FRAME_BYTES,
    SYNC_BYTES,
    VERSION,
    Header,
    Kind,
)
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.segment import Segment, SegmentWriter, file_name
from proxy.publisher.spill.segments import Cause, Segments

PROBE_NAME = "probe"
PROBE_BYTES = 64 << 10


class Writing:
    """The open segments of a directory that we own. Used by one thread at a time."""

    def __init__(
        self,
        segments: Segments,
        disk: Disk,
        options: SpillOptions,
        *,
        clock: Clock,
        producer: str,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Nothing is written before the first append."""
        self._segments = segments
        self._disk = disk
        self._options = options
        self._clock = clock
        self._producer = producer
        self._random_bytes = random_bytes
        self._open: dict[Kind, SegmentWriter] = {}
        self._names_dirty = False
        self._sync_failed = False

    def append(self, kind: Kind, messages: Sequence[Outgoing]) -> bool:
        """Write messages, all or none; False if they cannot be written now.

        True also for bodies dropped for want of room, and counted. On a full disk the oldest
        bodies make room for records.
        """
        if not self._make_room(kind, sum(map(framed_bytes, messages))):
            if kind == "bodies":
                self._segments.lose(kind, "overflow", len(messages))
            return kind == "bodies"
        while True:
            try:
                self._writer(kind).append(messages)
                break
            except OSError as error:
                self._segments.fail(error)
                self._abandon(kind)
                may_help = kind == "records" and error.errno in HEALED_BY_ROOM
            if not may_help or not self._give_up("bodies"):
                return False
        self._segments.recover()
        return True

    def sync(self) -> bool:
        """Bring everything to the device; False if something may not have arrived there."""
        for kind, writer in list(self._open.items()):
            try:
                writer.sync()
            except OSError as error:
                self._segments.fail(error)
                self._sync_failed = True
                # What a failed fsync left behind is unknown: never append to it again.
                self._abandon(kind)
        try:
            if self._names_dirty:
                self._disk.sync_directory(self._segments.directory)
                self._names_dirty = False
        except OSError as error:
            self._segments.fail(error)
            self._sync_failed = True
        arrived, self._sync_failed = not self._sync_failed, False
        return arrived

    def seal(self, segment: Segment) -> None:
        """Close a segment if it is open, so that it can be read to its end and deleted."""
        writer = self._open.get(segment.kind)
        if writer is not None and writer.segment is segment:
            self._seal(segment.kind)

    def expire(self) -> None:
        """Give up the segments over the age limit."""
        limit_s = self._clock.monotonic_s() - self._options.max_age_s
        for segment in list(self._segments.all):
            if segment.born_s < limit_s and segment.number != self._segments.in_hand:
                self._drop(segment, "expired")

    def probe(self) -> None:
        """Find out whether a disk in trouble takes bytes again."""
        path = self._segments.directory / PROBE_NAME
        try:
            self._disk.make_directory(path.parent)
            self._disk.remove(path)
            descriptor = self._disk.create(path)
            try:
                self._disk.write(descriptor, [bytes(PROBE_BYTES)])
            finally:
                self._disk.close(descriptor)
                self._disk.remove(path)
        except OSError as error:
            self._segments.fail(error)
        else:
            self._segments.recover()

    def close(self) -> None:
        """Bring everything to the device, if the policy says so, and close the files."""
        for kind in list(self._open):
            self._seal(kind)
        if self._options.fsync != "never":
            self.sync()

    def _make_room(self, kind: Kind, needed_bytes: int) -> bool:
        """Give up segments until there is room; records never make room for bodies."""
        limit_bytes = self._options.max_bytes - needed_bytes - DATA_START
        if limit_bytes < 0:
            return False
        while self._segments.bytes > limit_bytes:
            if not self._give_up("bodies") and (kind == "bodies" or not self._give_up("records")):
                return False
        return True

    def _give_up(self, kind: Kind) -> bool:
        segment = self._segments.oldest(kind)
        return segment is not None and self._drop(segment, "overflow")

    def _drop(self, segment: Segment, cause: Cause) -> bool:
        writer = self._open.get(segment.kind)
        if writer is not None and writer.segment is segment:
            self._release(segment.kind)
        return self._segments.give_up(segment, cause)

    def _writer(self, kind: Kind) -> SegmentWriter:
        """The open segment, or a new one where that is full or old. Raises: OSError."""
        writer = self._open.get(kind)
        if writer is not None and self._is_complete(writer.segment):
            self._seal(kind)
            writer = None
        if writer is None:
            writer = self._open[kind] = self._created(kind)
            self._segments.add(writer.segment)
            self._names_dirty = True
        return writer

    def _is_complete(self, segment: Segment) -> bool:
        age_s = self._clock.monotonic_s() - segment.born_s
        return segment.bytes >= self._options.seal_bytes or age_s >= self._options.segment_age_s

    def _created(self, kind: Kind) -> SegmentWriter:
        directory, now_s = self._segments.directory, self._clock.now_s()
        number = self._segments.next_number(int(now_s * 1e6))
        sync = self._random_bytes(SYNC_BYTES)
        born_s = self._clock.monotonic_s()
        segment = Segment(directory / file_name(number, kind), number, kind, sync, born_s)
        header = Header(VERSION, kind, sync, int(now_s * 1000), self._producer)
        self._disk.make_directory(directory)
        return SegmentWriter(self._disk, segment, header)

    def _seal(self, kind: Kind) -> None:
        try:
            if self._options.fsync != "never":
                self._open[kind].sync()
        except OSError as error:
            self._segments.fail(error)
            self._sync_failed = True
        self._release(kind)

    def _abandon(self, kind: Kind) -> None:
        """Close a segment after an error; one that holds nothing is deleted."""
        writer = self._open.get(kind)
        if writer is None:
            return
        self._seal(kind)
        if not writer.segment.messages:
            self._segments.retire(writer.segment)

    def _release(self, kind: Kind) -> None:
        try:
            self._open.pop(kind).close()
        except OSError as error:
            self._segments.fail(error)
            self._sync_failed = True


def framed_bytes(message: Outgoing) -> int:
    """The length of a message's frame, near enough for a limit."""
    return FRAME_BYTES + len(message.topic) + len(message.key) + len(message.value)


def slices(messages: Sequence[Outgoing], max_messages: int, max_bytes: int) -> Iterator[range]:
    """Runs of indices, each within the bounds or a single message."""
    start = size_bytes = 0
    for index, message in enumerate(messages):
        message_bytes = framed_bytes(message)
        full = index - start == max_messages or size_bytes + message_bytes > max_bytes
        if full and index > start:
            yield range(start, index)
            start, size_bytes = index, 0
        size_bytes += message_bytes
    if start < len(messages):
        yield range(start, len(messages))
