"""Which worker holds which partition of the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from zlib import crc32


class Placement(Protocol):
    """The map of the last rebalance; it may be out of date, and whoever is asked knows better."""

    def partition_of(self, key: bytes) -> int:
        """The partition of a key. Raises: Unavailable before the tables are known."""

    def owners(self, table: str) -> Mapping[int, str]:
        """The URL of the worker that holds each partition of a table; empty before the first map.

        Raises: Unavailable before the tables are known.
        """


@dataclass
class MemoryPlacement:
    """A placement that is told who owns what."""

    by_partition: dict[int, str] = field(default_factory=dict)

    def partition_of(self, key: bytes) -> int:
        """Some stable partition."""
        return crc32(key) % max(1, len(self.by_partition))

    def owners(self, table: str) -> Mapping[int, str]:
        """The same for every table."""
        del table
        return self.by_partition
