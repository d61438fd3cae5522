"""What lies in the directories, for operators: read-only, also while a process writes there."""

from dataclasses import dataclass, field
from pathlib import Path

from app.clock import Clock
from proxy.publisher.spill.disk import Disk
from proxy.publisher.spill.lock import owner_of
from proxy.publisher.spill.recovery import directories, segment_files
from proxy.publisher.spill.segment import Segment, count, recognise


@dataclass(slots=True)
class Found:
    """One process's directory; `owner` is the process that has it now, None if nobody does.

    `foreign` are files named as segments that are of another version.
    """

    directory: Path
    owner: str | None
    segments: list[Segment] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """How many can be replayed."""
        return sum(segment.messages for segment in self.segments)


def inspect(root: Path, disk: Disk, clock: Clock) -> list[Found]:
    """All directories below `root`, every segment read and checked. Raises: OSError.

    What a process is writing at this moment may look torn.
    """
    return [_directory(directory, disk, clock) for directory in directories(root, disk)]


def _directory(directory: Path, disk: Disk, clock: Clock) -> Found:
    found = Found(directory, owner_of(directory))
    for path in segment_files(directory, disk):
        try:
            data = disk.read(path)
        except FileNotFoundError:
            # Replayed and deleted since the directory was read.
            continue
        segment = recognise(path, data, int(clock.now_s() * 1000), clock.monotonic_s())
        if segment is None:
            found.foreign.append(path)
            continue
        for _ in count(segment, data):
            pass
        found.segments.append(segment)
    return found
