"""One segment: what is known of it, and the append-only file while it is being written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.disk import Disk
from proxy.publisher.spill.format import (
    DATA_START,
    KINDS,
    SYNC_BYTES,
    VERSION,
    Frame,
    Header,
    Kind,
    decode_header,
    encode_frame,
    encode_header,
    frame_at,
    scan,
)

SLICE_FRAMES = 100


@dataclass(slots=True)
class Segment:
    """One file of the spill. `number` orders segments by time, in microseconds since the epoch.

    `bytes` is its good length: what lies beyond is torn and never read. `messages` are those that
    can be read, `lost_messages` an estimate of those that cannot. `born_s` is when it was made, on
    our monotonic clock; `offset` and `replayed` are how far it has been replayed.
    """

    path: Path
    number: int
    kind: Kind
    sync: bytes
    born_s: float
    bytes: int = DATA_START
    messages: int = 0
    lost_messages: int = 0
    corrupt_bytes: int = 0
    torn_bytes: int = 0
    offset: int = DATA_START
    replayed: int = 0

    @property
    def waiting(self) -> int:
        """Messages that are not replayed yet."""
        return self.messages - self.replayed


def file_name(number: int, kind: Kind) -> str:
    """The name of a segment's file; names sort by time."""
    return f"{number:016d}.{kind}"


def parse_name(name: str) -> tuple[int, Kind] | None:
    """Number and kind of a segment's file; None for any other file."""
    digits, _, suffix = name.partition(".")
    for kind in KINDS:
        if suffix == kind and digits.isdecimal() and digits.isascii():
            return int(digits), kind
    return None


def recognise(path: Path, data: bytes, now_ms: int, monotonic_s: float) -> Segment | None:
    """What a segment's file says of itself, nothing counted; None for one that is not ours to read.

    If both headers are destroyed the first frame gives the sync mark; if that is gone as well, the
    segment's `sync` is empty and everything in it is lost.
    """
    name = parse_name(path.name)
    header = decode_header(data)
    if name is None or (header is not None and header.version != VERSION):
        return None
    number, kind = name
    sync = _first_mark(data) if header is None else header.sync
    created_ms = number // 1000 if header is None else header.created_ms
    born_s = monotonic_s - max(0, now_ms - created_ms) / 1000
    return Segment(path, number, kind, sync, born_s)


def count(segment: Segment, data: bytes) -> Iterator[None]:
    """Fill in a segment's counts, pausing after every `SLICE_FRAMES` frames."""
    if not segment.sync:
        torn = len(data) < DATA_START
        segment.torn_bytes, segment.corrupt_bytes = (len(data), 0) if torn else (0, len(data))
        segment.lost_messages = 0 if torn else 1
        return
    segment.bytes = max(len(data), DATA_START)
    for number, item in enumerate(scan(data, segment.sync)):
        if isinstance(item, Frame):
            segment.messages += 1
        elif item.torn:
            segment.torn_bytes = item.end - item.start
            segment.bytes = item.start
        else:
            segment.lost_messages += item.lost_messages
            segment.corrupt_bytes += item.end - item.start
        if number % SLICE_FRAMES == SLICE_FRAMES - 1:
            yield


def _first_mark(data: bytes) -> bytes:
    mark = data[DATA_START : DATA_START + SYNC_BYTES]
    return mark if mark and frame_at(data, mark, DATA_START) is not None else b""


class SegmentWriter:
    """Appends to a new segment. After an error it holds what it held before, and takes no more."""

    def __init__(self, disk: Disk, segment: Segment, header: Header) -> None:
        """Make the file and write its header. Raises: OSError, and leaves no file."""
        self.segment = segment
        self.dirty = True
        self._disk = disk
        self._descriptor = disk.create(segment.path)
        try:
            disk.write(self._descriptor, [encode_header(header)])
        except OSError:
            disk.close(self._descriptor)
            disk.remove(segment.path)
            raise

    def append(self, messages: Sequence[Outgoing]) -> None:
        """Write messages behind the others, all or none. Raises: OSError."""
        segment = self.segment
        parts: list[bytes] = []
        end = segment.bytes
        for message in messages:
            names, value = encode_frame(segment.sync, end, message)
            parts += names, value
            end += len(names) + len(value)
        self.dirty = True
        try:
            self._disk.write(self._descriptor, parts)
        except OSError:
            self._disk.cut(self._descriptor, segment.bytes)
            raise
        segment.bytes = end
        segment.messages += len(messages)

    def sync(self) -> None:
        """Bring what was appended to the device. Raises: OSError."""
        if self.dirty:
            self._disk.sync(self._descriptor)
            self.dirty = False

    def close(self) -> None:
        """Let go of the file. Raises: OSError."""
        self._disk.close(self._descriptor)
