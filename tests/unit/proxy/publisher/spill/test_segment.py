"""One segment: its file while it is written, and what is known of one that was found."""

import errno
from pathlib import Path

import pytest

from proxy.publisher.spill.format import DATA_START, VERSION, Header
from proxy.publisher.spill.segment import (
    SLICE_FRAMES,
    Segment,
    SegmentWriter,
    count,
    file_name,
    parse_name,
    recognise,
)
from tests.support.faulty_disk import FaultyDisk
from tests.support.spill import SYNC, messages_in, record, segment_of

NAME = file_name(1_700_000_000_000_000, "records")
NOW_MS = 1_700_000_060_000


def found(data: bytes) -> Segment:
    """What is known of a segment's file with these bytes."""
    segment = recognise(Path(NAME), data, NOW_MS, 1000.0)
    assert segment is not None
    for _ in count(segment, data):
        pass
    return segment


def writer(disk: FaultyDisk, path: Path) -> SegmentWriter:
    """A fresh one."""
    header = Header(VERSION, "records", SYNC, NOW_MS, "test")
    return SegmentWriter(disk, Segment(path, 1, "records", SYNC, 0.0), header)


def test_names_sort_by_time_and_come_back() -> None:
    assert parse_name(file_name(12, "bodies")) == (12, "bodies")
    assert file_name(9, "records") < file_name(10, "bodies")


@pytest.mark.parametrize("name", ["lock", "probe", "1.txt", "x.records", ".records", "²¹.records"])
def test_other_files_are_no_segments(name: str) -> None:
    assert parse_name(name) is None
    assert recognise(Path(name), segment_of([]), NOW_MS, 0) is None


def test_a_whole_segment_is_counted() -> None:
    messages = [record(number) for number in range(3)]
    segment = found(segment_of(messages))
    assert (segment.messages, segment.lost_messages, segment.torn_bytes) == (3, 0, 0)
    assert segment.bytes == len(segment_of(messages))
    assert segment.born_s == 1000 - 60
    assert segment.waiting == 3


def test_a_clock_set_back_makes_nothing_older_than_now() -> None:
    segment = recognise(Path(NAME), segment_of([], created_ms=NOW_MS + 10_000), NOW_MS, 50.0)
    assert segment is not None
    assert segment.born_s == 50.0


def test_a_torn_tail_is_left_out() -> None:
    messages = [record(number) for number in range(3)]
    whole = segment_of(messages[:2])
    segment = found(segment_of(messages)[:-1])
    assert (segment.messages, segment.bytes) == (2, len(whole))
    assert segment.torn_bytes == len(segment_of(messages)) - 1 - len(whole)
    assert (segment.lost_messages, segment.corrupt_bytes) == (0, 0)


def test_damage_in_the_middle_is_counted() -> None:
    data = bytearray(segment_of([record(number) for number in range(3)]))
    frame = (len(data) - DATA_START) // 3
    data[DATA_START + frame + 5] ^= 1
    segment = found(bytes(data))
    assert (segment.messages, segment.lost_messages) == (2, 1)
    assert (segment.corrupt_bytes, segment.bytes) == (frame, len(data))


def test_destroyed_headers_cost_nothing_if_the_first_frame_is_whole() -> None:
    messages = [record(number) for number in range(3)]
    segment = found(bytes(DATA_START) + segment_of(messages)[DATA_START:])
    assert (segment.sync, segment.messages) == (SYNC, 3)
    assert segment.born_s == 1000 - 60


def test_destroyed_headers_and_first_frame_are_a_loss() -> None:
    data = bytes(DATA_START + 40) + segment_of([record(1)])[DATA_START + 40 :]
    segment = found(data)
    assert (segment.messages, segment.lost_messages, segment.corrupt_bytes) == (0, 1, len(data))


@pytest.mark.parametrize("length", [0, 1, DATA_START // 2 - 1])
def test_a_header_never_written_is_torn(length: int) -> None:
    segment = found(segment_of([])[:length])
    assert (segment.lost_messages, segment.torn_bytes) == (0, length)


def test_another_version_is_not_ours() -> None:
    data = segment_of([record(1)], version=VERSION + 1)
    assert recognise(Path(NAME), data, NOW_MS, 0) is None


def test_counting_pauses() -> None:
    data = segment_of([record(number) for number in range(3 * SLICE_FRAMES)])
    segment = recognise(Path(NAME), data, NOW_MS, 0)
    assert segment is not None
    assert len(list(count(segment, data))) == 3


def test_appends_are_read_back(tmp_path: Path) -> None:
    disk, path = FaultyDisk(), tmp_path / NAME
    one = writer(disk, path)
    one.append([record(1), record(2)])
    one.append([record(3)])
    one.sync()
    one.sync()
    one.close()
    assert messages_in(path.read_bytes()) == [record(1), record(2), record(3)]
    assert one.segment.bytes == path.stat().st_size
    assert disk.calls.count("sync") == 1


def test_a_failed_append_leaves_what_was_there(tmp_path: Path) -> None:
    """Also if half of it was written."""
    disk, path = FaultyDisk(), tmp_path / NAME
    one = writer(disk, path)
    one.append([record(1)])
    disk.free_bytes = 150
    with pytest.raises(OSError, match="No space"):
        one.append([record(2), record(3)])
    one.close()
    assert path.read_bytes() == segment_of([record(1)], created_ms=NOW_MS)
    assert one.segment.messages == 1


def test_a_segment_without_a_header_leaves_no_file(tmp_path: Path) -> None:
    disk, path = FaultyDisk(), tmp_path / NAME
    disk.errors["write"] = errno.ENOSPC
    with pytest.raises(OSError, match="No space"):
        writer(disk, path)
    assert not path.exists()
