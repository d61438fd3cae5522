"""What became of the records of each cell: on the topic, metered, dead, or lost by the meter.

A record that lies where the meter has been has a fact or a dead letter, or another message of it
has: one of the same producer and sequence, or of the same tenant and request id. Where nothing of
that is found it is lost. Sans-I/O.
"""

from collections import Counter, defaultdict
from typing import NamedTuple

from app.record.model import Record


class Cell(NamedTuple):
    """A tenant's minute of one producer."""

    tenant: str
    minute: int
    producer_id: str


class Seen(NamedTuple):
    """What matters of a record that was read."""

    cell: Cell
    request_id: str
    sequence: int

    @classmethod
    def of(cls, record: Record) -> "Seen":
        """Of a record."""
        minute = int(record.produced_at.timestamp() // 60)
        cell = Cell(record.tenant, minute, record.producer_id)
        return cls(cell, record.request_id, record.sequence)


class Fates(NamedTuple):
    """How many records of a cell had which fate; `lost` names sequences.

    `repeated` are further messages of records, `elsewhere` records that the meter took for one of
    another minute or sequence, by its id.
    """

    metered: int
    dead: int
    waiting: int
    repeated: int
    elsewhere: int
    lost: frozenset[int]

    @property
    def records(self) -> int:
        """All of them."""
        return self.metered + self.dead + self.waiting + self.elsewhere + len(self.lost)


class SeenRecords:
    """Takes in records as they were found, in any order, then answers."""

    def __init__(self) -> None:
        """Empty."""
        self._arrived: dict[Cell, Counter[str]] = defaultdict(Counter)
        self._ahead: dict[Cell, set[str]] = defaultdict(set)
        self._passed: dict[Cell, dict[int, str]] = defaultdict(dict)
        self._metered: dict[Cell, set[str]] = defaultdict(set)
        self._dead: dict[Cell, set[str]] = defaultdict(set)
        self._settled: dict[str, set[str]] = defaultdict(set)
        self.sequences: dict[str, set[int]] = defaultdict(set)
        """By producer, those that are settled or that the meter has yet to read."""

    def add_arrived(self, seen: Seen, *, is_passed: bool) -> None:
        """A message on `exchanges`; `is_passed` if the meter was beyond it before facts were read.

        What it made of the message was durable by then.
        """
        self._arrived[seen.cell][seen.request_id] += 1
        if is_passed:
            self._passed[seen.cell][seen.sequence] = seen.request_id
        else:
            self._ahead[seen.cell].add(seen.request_id)
            self.sequences[seen.cell.producer_id].add(seen.sequence)

    def add_metered(self, seen: Seen) -> None:
        """A fact; one that was emitted again is the same."""
        self._metered[seen.cell].add(seen.request_id)
        self._settle(seen)

    def add_dead(self, seen: Seen) -> None:
        """A dead letter of a record that can be read."""
        self._dead[seen.cell].add(seen.request_id)
        self._settle(seen)

    def _settle(self, seen: Seen) -> None:
        self._settled[seen.cell.tenant].add(seen.request_id)
        self.sequences[seen.cell.producer_id].add(seen.sequence)

    def cells(self) -> set[Cell]:
        """Those of which anything was seen."""
        return {*self._arrived, *self._metered, *self._dead}

    def fates(self, cell: Cell) -> Fates:
        """What became of a cell's records."""
        metered = self._metered.get(cell, set())
        dead = self._dead.get(cell, set()) - metered
        waiting = self._ahead.get(cell, set()) - metered - dead
        arrived = self._arrived.get(cell, Counter())
        unknown = {
            sequence: request_id
            for sequence, request_id in self._passed.get(cell, {}).items()
            if sequence not in self.sequences[cell.producer_id]
        }
        settled = self._settled[cell.tenant]
        lost = frozenset(n for n, request_id in unknown.items() if request_id not in settled)
        return Fates(
            len(metered),
            len(dead),
            len(waiting),
            arrived.total() - len(arrived),
            len(unknown) - len(lost),
            lost,
        )
