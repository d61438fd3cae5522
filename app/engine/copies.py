"""How old the copies of a table's partitions are: what each is known to have contained, and when.

A copy is a database of this process, served or not. It is dated when it is known to have
everything that the changelog had at some moment: while it is served it is the truth itself; a
standby is dated whenever it has read to an end of the changelog that was asked for. A copy that is
only read forward keeps its date: what it has is that old or newer. One that is about to read again
what it has already would for a while show older values than its date says: its date is forgotten.

Pure; times are seconds of a monotonic clock.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dated:
    """All changes up to `offset` are in the copy, and were all there were at `at_s`."""

    offset: int
    at_s: float


class Copies:
    """The dates of one table's copies, by partition."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._dates: dict[int, Dated] = {}

    def date(self, partition: int, offset: int, at_s: float) -> None:
        """The copy had everything, up to `offset`, at `at_s`."""
        known = self._dates.get(partition)
        if known is None or at_s >= known.at_s:
            self._dates[partition] = Dated(offset, at_s)

    def reading(self, partition: int, first_offset: int) -> None:
        """Changes from `first_offset` on are written to the copy."""
        known = self._dates.get(partition)
        if known is not None and first_offset <= known.offset:
            del self._dates[partition]

    def forget(self, partition: int) -> None:
        """Nothing is known of this copy any more."""
        self._dates.pop(partition, None)

    def at_s(self, partition: int) -> float | None:
        """When the copy was the truth; None if that is not known."""
        known = self._dates.get(partition)
        return None if known is None else known.at_s
