"""The segments of one directory, oldest first, with what became of those that left."""

import logging
from bisect import insort
from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

from proxy.publisher.spill.disk import Disk, State, trouble_of
from proxy.publisher.spill.format import Kind
from proxy.publisher.spill.segment import Segment

logger = logging.getLogger(__name__)
Cause = Literal["overflow", "expired", "corrupt"]
Loss = Literal[
    "spill_overflow",
    "spill_body_overflow",
    "spill_expired",
    "spill_body_expired",
    "spill_corrupt",
    "spill_body_corrupt",
]
LOSSES: dict[tuple[Kind, Cause], Loss] = {
    ("records", "overflow"): "spill_overflow",
    ("bodies", "overflow"): "spill_body_overflow",
    ("records", "expired"): "spill_expired",
    ("bodies", "expired"): "spill_body_expired",
    ("records", "corrupt"): "spill_corrupt",
    ("bodies", "corrupt"): "spill_body_corrupt",
}


class Totals(NamedTuple):
    """What waits, and how the disk is; `oldest_born_s` on our monotonic clock."""

    records: int = 0
    bodies: int = 0
    bytes: int = 0
    oldest_born_s: float | None = None
    state: State = "ok"


class Segments:
    """The list, the losses and the state of the disk. Used by one thread at a time.

    What leaves is counted once, when it leaves: what was replayed is no loss, what could not be
    read is `corrupt`, the rest has its cause. `in_hand` is the number of the segment being
    replayed, which is never given up.
    """

    def __init__(self, directory: Path, disk: Disk) -> None:
        """Empty; `recovery` fills it."""
        self.directory = directory
        self.all: list[Segment] = []
        self.in_hand: int | None = None
        self.state: State = "ok"
        self._last_number = 0
        self.losses: Counter[Loss] = Counter()
        self._disk = disk
        self._undeleted: dict[Path, int] = {}

    def add(self, segment: Segment) -> None:
        """Take in a segment at its place."""
        self.next_number(segment.number)
        insort(self.all, segment, key=lambda each: each.number)

    def next_number(self, at_least: int) -> int:
        """A number above all that were in use here, whether their files are still there or not."""
        self._last_number = max(self._last_number + 1, at_least)
        return self._last_number

    def find(self, number: int) -> Segment | None:
        """The segment of that number, if it is still here."""
        return next((each for each in self.all if each.number == number), None)

    @property
    def bytes(self) -> int:
        """On the disk, with what could not be deleted yet."""
        return sum(each.bytes for each in self.all) + sum(self._undeleted.values())

    def totals(self) -> Totals:
        """What waits now."""
        return Totals(
            sum(each.waiting for each in self.all if each.kind == "records"),
            sum(each.waiting for each in self.all if each.kind == "bodies"),
            self.bytes,
            min((each.born_s for each in self.all), default=None),
            self.state,
        )

    def oldest(self, kind: Kind) -> Segment | None:
        """The oldest that may be given up."""
        return next((e for e in self.all if e.kind == kind and e.number != self.in_hand), None)

    def lose(self, kind: Kind, cause: Cause, messages: int) -> None:
        """Count messages that are gone for good."""
        if messages > 0:
            self.losses[LOSSES[kind, cause]] += messages

    def give_up(self, segment: Segment, cause: Cause) -> bool:
        """Delete a closed segment for want of room or for its age; what waits in it is lost.

        False if the disk does not let us: then it stays, and nothing is lost.
        """
        try:
            self._disk.remove(segment.path)
        except OSError as error:
            self.fail(error)
            return False
        self._forget(segment, cause)
        return True

    def retire(self, segment: Segment) -> None:
        """Let a closed segment go that was read to its end; what was not found in it is corrupt."""
        self._forget(segment, "corrupt")
        self._undeleted[segment.path] = segment.bytes
        self.delete_retired()

    def delete_retired(self) -> None:
        """Delete the files of what was retired, also those that could not be deleted before."""
        for path in sorted(self._undeleted):
            try:
                self._disk.remove(path)
            except OSError as error:
                self.fail(error)
            else:
                del self._undeleted[path]

    def _forget(self, segment: Segment, cause: Cause) -> None:
        self.all.remove(segment)
        self.lose(segment.kind, cause, segment.waiting)
        self.lose(segment.kind, "corrupt", segment.lost_messages)

    def fail(self, error: OSError) -> None:
        """Note what the disk would not do; logged when the state changes."""
        state = trouble_of(error)
        if state != self.state:
            logger.error("the spill in %s is %s: %s", self.directory, state, error)
        self.state = state

    def recover(self) -> None:
        """Note that the disk does what it should."""
        if self.state != "ok":
            logger.warning("the spill in %s takes records again", self.directory)
        self.state = "ok"
