"""What earlier processes left: a directory of our own, and the segments that now are ours.

    <root>/<number>/lock               held by the process that owns the directory
    <root>/<number>/<time>.records     and .bodies

A process owns the lowest number nobody else owns, so that proxies on one host are kept apart and
one that comes back finds its own. Directories above it that nobody owns are adopted: their segments
are moved into ours, unless that would be more than the size limit allows; then they stay for the
next process.
"""

import logging
from collections.abc import Iterator
from itertools import count as numbers
from pathlib import Path

from app.clock import Clock
from proxy.publisher.spill.disk import Disk
from proxy.publisher.spill.lock import DirectoryLock
from proxy.publisher.spill.segment import Segment, count, file_name, parse_name, recognise
from proxy.publisher.spill.segments import Segments

logger = logging.getLogger(__name__)


def claim(root: Path) -> DirectoryLock:
    """Own the lowest directory that nobody owns. Raises: OSError."""
    for number in numbers():
        lock = DirectoryLock.take(root / str(number))
        if lock is not None:
            return lock
    raise AssertionError("numbers do not end")


def directories(root: Path, disk: Disk) -> list[Path]:
    """The directories of all processes, lowest number first."""
    return [root / name for name in sorted(filter(str.isdecimal, disk.names(root)), key=int)]


def segment_files(directory: Path, disk: Disk) -> list[Path]:
    """The files of a directory that are named as segments, oldest first."""
    return [directory / name for name in disk.names(directory) if parse_name(name) is not None]


def adopt(root: Path, own: Path, disk: Disk, max_bytes: int) -> None:
    """Move what dead processes left into our own directory, as far as the limit allows.

    Raises: OSError.
    """
    kept_bytes = _size_bytes(own, disk)
    for directory in directories(root, disk):
        if directory == own or not segment_files(directory, disk):
            continue
        lock = DirectoryLock.take(directory)
        if lock is None:
            continue
        try:
            left_bytes = _size_bytes(directory, disk)
            if kept_bytes + left_bytes > max_bytes:
                logger.warning("%s is left alone: no room for its segments", directory)
                continue
            _move_all(directory, own, disk)
            kept_bytes += left_bytes
            logger.warning("adopted the spill that a dead process left in %s", directory)
        finally:
            lock.release()


def recover(segments: Segments, disk: Disk, clock: Clock) -> Iterator[None]:
    """Take in the segments of our directory, torn tails cut; pauses now and then.

    What cannot be read now, or is of another version, stays where it is.
    """
    for path in segment_files(segments.directory, disk):
        try:
            data = disk.read(path)
        except OSError as error:
            segments.fail(error)
            continue
        segment = recognise(path, data, int(clock.now_s() * 1000), clock.monotonic_s())
        if segment is None:
            logger.error("%s is of another version: left alone", path)
            continue
        yield from count(segment, data)
        _mend(segment, segments, disk)
        segments.add(segment)
        if not segment.messages:
            segments.retire(segment)
        yield


def _mend(segment: Segment, segments: Segments, disk: Disk) -> None:
    """Cut a torn tail; damage in the middle is said and stays until the rest is replayed."""
    if segment.corrupt_bytes:
        lost, corrupt_bytes = segment.lost_messages, segment.corrupt_bytes
        logger.error("%s: %d messages lost in %d bad bytes", segment.path, lost, corrupt_bytes)
    if segment.torn_bytes and segment.messages:
        logger.warning("%s: cut a torn tail of %d bytes", segment.path, segment.torn_bytes)
        try:
            disk.cut_file(segment.path, segment.bytes)
        except OSError as error:
            segments.fail(error)


def _move_all(source: Path, target: Path, disk: Disk) -> None:
    taken = set(disk.names(target))
    for path in segment_files(source, disk):
        name = path.name
        while name in taken:
            number, kind = parse_name(name) or (0, "records")
            name = file_name(number + 1, kind)
        disk.move(path, target / name)
        taken.add(name)
    disk.sync_directory(target)
    disk.sync_directory(source)


def _size_bytes(directory: Path, disk: Disk) -> int:
    return sum(disk.size_bytes(path) for path in segment_files(directory, disk))
