"""Reading: batches of the oldest messages, and the end of segments that were replayed.

A batch comes from one segment. Until it is `done` the same batch comes again: what could not be
delivered is asked for once more, and a crash in between replays its segment from the start.
"""

from collections.abc import Generator
from dataclasses import dataclass

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.disk import Disk
from proxy.publisher.spill.format import Frame, scan
from proxy.publisher.spill.segment import SLICE_FRAMES, Segment
from proxy.publisher.spill.segments import Segments
from proxy.publisher.spill.writing import Writing, framed_bytes


@dataclass(frozen=True, slots=True)
class SpillBatch:
    """Messages in the order they were appended; `segment` and `end` say where they came from."""

    messages: list[Outgoing]
    segment: int
    end: int


class Reading:
    """Replays the segments of a directory that we own. Used by one thread at a time."""

    def __init__(self, segments: Segments, writing: Writing, disk: Disk) -> None:
        """At the oldest segment."""
        self._segments = segments
        self._writing = writing
        self._disk = disk
        self._batch: SpillBatch | None = None
        self._loaded: tuple[int, bytes] | None = None

    def gather(self, max_messages: int, max_bytes: int) -> Generator[None, None, SpillBatch | None]:
        """The oldest messages, one at least; None if nothing is left that can be read now.

        Pauses after every `SLICE_FRAMES` frames.
        """
        if self._batch is not None:
            return self._batch
        for segment in list(self._segments.all):
            self._writing.seal(segment)
            data = self._load(segment)
            if data is None:
                continue
            batch = yield from _collect(segment, data, max_messages, max_bytes)
            if batch.messages:
                self._segments.in_hand = segment.number
                self._batch = batch
                return batch
            self._end(segment)
        return None

    def done(self, batch: SpillBatch) -> None:
        """The batch is durable elsewhere: go on behind it. Again is harmless."""
        if batch is not self._batch:
            return
        self._batch = None
        self._segments.in_hand = None
        segment = self._segments.find(batch.segment)
        if segment is None:
            return
        segment.offset = batch.end
        segment.replayed += len(batch.messages)
        if segment.waiting <= 0 or segment.offset >= segment.bytes:
            self._end(segment)

    def _end(self, segment: Segment) -> None:
        """Delete a segment read to its end; what it should have held and did not is corrupt."""
        self._loaded = None
        self._segments.retire(segment)

    def _load(self, segment: Segment) -> bytes | None:
        """The bytes of a segment, kept until the next; None if they cannot be read now."""
        if self._loaded is not None and self._loaded[0] == segment.number:
            return self._loaded[1]
        self._loaded = None
        try:
            data = self._disk.read(segment.path)[: segment.bytes]
        except FileNotFoundError:
            self._end(segment)
            return None
        except OSError as error:
            self._segments.fail(error)
            return None
        self._loaded = (segment.number, data)
        return data


def _collect(
    segment: Segment, data: bytes, max_messages: int, max_bytes: int
) -> Generator[None, None, SpillBatch]:
    messages: list[Outgoing] = []
    end, size_bytes = segment.offset, 0
    for number, item in enumerate(scan(data, segment.sync, segment.offset)):
        if isinstance(item, Frame):
            size_bytes += framed_bytes(item.message)
            if messages and size_bytes > max_bytes:
                break
            messages.append(item.message)
        end = item.end
        if len(messages) >= max_messages:
            break
        if number % SLICE_FRAMES == SLICE_FRAMES - 1:
            yield
    return SpillBatch(messages, segment.number, end)
