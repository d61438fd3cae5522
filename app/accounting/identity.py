"""Both sides held against each other, per tenant and minute; gaps by producer and sequence.

    proxied = metered + sampled out + dead-lettered + dropped (by reason) + in flight

In flight are records that lie on the topic and are not metered yet, and those of the last minutes
that their producer still holds. What a killed process had pending is an upper bound: it may have
been acknowledged just before. Sans-I/O.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.accounting.counts import Counts, shown_minute
from app.record.model import Record

KILLED = "killed"


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


@dataclass(slots=True)
class Line:
    """One tenant's minute; `missing` is what nobody accounts for, `excess` what nobody proxied."""

    tenant: str
    minute: int
    proxied: int = 0
    metered: int = 0
    duplicates: int = 0
    sampled_out: int = 0
    dead: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    missing: int = 0
    excess: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether the identity holds."""
        return not self.missing and not self.excess

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        names = ("tenant", "proxied", "metered", "duplicates", "sampled_out", "dead")
        line = {name: getattr(self, name) for name in names}
        line |= {"minute": shown_minute(self.minute), "dropped": dict(self.dropped)}
        return {
            **line,
            "in_flight": self.in_flight,
            "missing": self.missing,
            "excess": self.excess,
        }


class Gap(NamedTuple):
    """Sequences of a producer that nobody has seen, and that nobody accounts for."""

    producer_id: str
    first: int
    last: int


class Ledger:
    """Takes in what was read, in any order, then answers."""

    def __init__(self) -> None:
        """Empty."""
        self._counts: dict[Cell, Counts] = {}
        self._arrived: dict[Cell, Counter[str]] = defaultdict(Counter)
        self._metered: dict[Cell, set[str]] = defaultdict(set)
        self._dead: dict[Cell, set[str]] = defaultdict(set)
        self._sequences: dict[str, set[int]] = defaultdict(set)
        self._incomplete: set[Cell] = set()
        self.unreadable_letters = 0

    def add_counts(self, counts: Counts) -> None:
        """What a producer says; the last word counts, and it only ever grows."""
        cell = Cell(counts.tenant, counts.minute, counts.producer_id)
        self._counts[cell] = counts

    def add_arrived(self, seen: Seen) -> None:
        """A message on `exchanges`."""
        self._arrived[seen.cell][seen.request_id] += 1
        self._sequences[seen.cell.producer_id].add(seen.sequence)

    def add_metered(self, seen: Seen) -> None:
        """A fact; one that was emitted again is the same."""
        self._metered[seen.cell].add(seen.request_id)
        self._sequences[seen.cell.producer_id].add(seen.sequence)

    def add_dead(self, seen: Seen) -> None:
        """A dead letter of a record that can be read."""
        self._dead[seen.cell].add(seen.request_id)
        self._sequences[seen.cell.producer_id].add(seen.sequence)

    def lines(self, *, young_from: int) -> list[Line]:
        """A line per tenant and minute; minutes from `young_from` on may be under way."""
        lines: dict[tuple[str, int], Line] = {}
        for cell in sorted(self._counts):
            line = lines.setdefault((cell.tenant, cell.minute), Line(cell.tenant, cell.minute))
            self._add(line, cell, is_young=cell.minute >= young_from)
        return list(lines.values())

    def _add(self, line: Line, cell: Cell, *, is_young: bool) -> None:
        counts = self._counts[cell]
        metered = self._metered.get(cell, set())
        dead = self._dead.get(cell, set()) - metered
        arrived = self._arrived.get(cell, Counter())
        waiting = arrived.keys() - metered - dead
        line.proxied += counts.proxied
        line.metered += len(metered)
        line.dead += len(dead)
        line.sampled_out += counts.sampled_out
        line.duplicates += sum(arrived.values()) - len(arrived)
        given_up = {reason: n for reason, n in counts.dropped.items() if reason != KILLED}
        line.dropped.update(given_up)
        settled = len(metered) + len(dead) + counts.sampled_out + sum(given_up.values())
        left = counts.proxied - settled - len(waiting)
        killed = max(0, min(left, counts.dropped.get(KILLED, 0)))
        if killed:
            line.dropped[KILLED] += killed
        left -= killed
        held = max(0, left) if is_young else max(0, min(left, counts.pending))
        line.in_flight += len(waiting) + held
        left -= held
        line.missing += max(0, left)
        if left > 0:
            self._incomplete.add(cell)
        line.excess += max(0, -left)

    def gaps(self, lines: Iterable[Line]) -> list[Gap]:
        """Which sequences nobody has seen, of producers in those minutes that do not add up.

        What was left out by sampling has a sequence too, and is among them.
        """
        bad = {(line.tenant, line.minute) for line in lines}
        ranges: dict[str, tuple[int, int]] = {}
        for cell, counts in self._counts.items():
            if cell in self._incomplete and (cell.tenant, cell.minute) in bad:
                low, high = ranges.get(cell.producer_id, (counts.last_sequence, -1))
                first = counts.last_sequence - counts.proxied + 1
                ranges[cell.producer_id] = (min(low, first), max(high, counts.last_sequence))
        return [
            Gap(producer_id, first, last)
            for producer_id, (low, high) in sorted(ranges.items())
            for first, last in _missing(self._sequences[producer_id], max(0, low), high)
        ]


def _missing(seen: set[int], low: int, high: int) -> Iterator[tuple[int, int]]:
    first = None
    for number in range(low, high + 2):
        is_missing = number <= high and number not in seen
        if is_missing and first is None:
            first = number
        elif not is_missing and first is not None:
            yield first, number - 1
            first = None


def table(lines: Iterable[Line]) -> list[str]:
    """The lines for a terminal, under headings."""
    rows = [
        "minute             tenant           proxied  metered   dup. sampled   dead  dropped"
        "              in flight  missing"
    ]
    for line in lines:
        dropped = ",".join(f"{reason}:{n}" for reason, n in sorted(line.dropped.items())) or "0"
        wrong = line.missing if not line.excess else f"excess {line.excess}"
        rows.append(
            f"{shown_minute(line.minute):18} {line.tenant[:16]:16} {line.proxied:7} "
            f"{line.metered:8} {line.duplicates:6} {line.sampled_out:7} {line.dead:6}  "
            f"{dropped:20} {line.in_flight:9} {wrong:>8}"
        )
    return rows
