"""Both sides held against each other, per tenant and minute; gaps by producer and sequence.

    proxied = metered + sampled out + dead-lettered + dropped (by reason) + in flight

In flight are records that lie on the topic where the meter has not been yet, and those of the last
minutes that their producer still holds. What a killed process had pending is an upper bound: it may
have been acknowledged just before. What no producer counted is compared with nothing. Sans-I/O.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from app.accounting.counts import UNKNOWN_TENANT, Counts, shown_minute
from app.accounting.fates import Cell, Fates, Seen, SeenRecords

KILLED = "killed"


@dataclass(slots=True)
class Line:
    """One tenant's minute; `missing` is what nobody accounts for, `excess` what nobody proxied.

    `unmetered` are those of the missing that the meter passed. `uncounted` are records whose
    producers told no counts of it. Minutes of the unknown tenant are compared with nothing.
    """

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
    unmetered: int = 0
    excess: int = 0
    uncounted: int = 0

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
            "unmetered": self.unmetered,
            "excess": self.excess,
            "uncounted": self.uncounted,
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
        self._records = SeenRecords()
        self._incomplete: set[Cell] = set()
        self._lost: dict[Cell, frozenset[int]] = {}
        self.unreadable_letters = 0

    def add_counts(self, counts: Counts) -> None:
        """What a producer says; the last word counts, and it only ever grows."""
        cell = Cell(counts.tenant, counts.minute, counts.producer_id)
        self._counts[cell] = counts

    def add_arrived(self, seen: Seen, *, is_passed: bool = False) -> None:
        """A message on `exchanges`; `is_passed`: the meter was beyond it before facts were read."""
        self._records.add_arrived(seen, is_passed=is_passed)

    def add_metered(self, seen: Seen) -> None:
        """A fact; one that was emitted again is the same."""
        self._records.add_metered(seen)

    def add_dead(self, seen: Seen) -> None:
        """A dead letter of a record that can be read."""
        self._records.add_dead(seen)

    def lines(self, *, young_from: int) -> list[Line]:
        """A line per tenant and minute; minutes from `young_from` on may be under way."""
        lines: dict[tuple[str, int], Line] = {}
        counting = {cell.producer_id for cell in self._counts}
        for cell in sorted(self._counts.keys() | self._records.cells()):
            counts, is_young = self._counts.get(cell), cell.minute >= young_from
            if counts is None and is_young:
                # Its producer may not have told yet.
                continue
            line = lines.setdefault((cell.tenant, cell.minute), Line(cell.tenant, cell.minute))
            if cell.tenant == UNKNOWN_TENANT and counts is not None:
                line.proxied += counts.proxied
                line.dropped.update(counts.dropped)
                continue
            fates = self._records.fates(cell)
            if counts is not None:
                self._add(line, cell, fates, is_young=is_young)
            else:
                line.uncounted += fates.records
            # Others than our producers may date a record anew when they send it again.
            if fates.lost and cell.producer_id in counting:
                line.missing += len(fates.lost)
                line.unmetered += len(fates.lost)
                self._lost[cell] = fates.lost
        return list(lines.values())

    def _add(self, line: Line, cell: Cell, fates: Fates, *, is_young: bool) -> None:
        counts = self._counts[cell]
        line.proxied += counts.proxied
        line.metered += fates.metered
        line.dead += fates.dead
        line.sampled_out += counts.sampled_out
        line.duplicates += fates.repeated + fates.elsewhere
        given_up = {reason: n for reason, n in counts.dropped.items() if reason != KILLED}
        line.dropped.update(given_up)
        left = counts.proxied - fates.records - counts.sampled_out - sum(given_up.values())
        killed = max(0, min(left, counts.dropped.get(KILLED, 0)))
        if killed:
            line.dropped[KILLED] += killed
        left -= killed
        held = max(0, left) if is_young else max(0, min(left, counts.pending))
        line.in_flight += fates.waiting + held
        left -= held
        line.missing += max(0, left)
        if left > 0:
            self._incomplete.add(cell)
        # In a minute under way the last counts may be behind what was metered since.
        line.excess += 0 if is_young else max(0, -left)

    def gaps(self, lines: Iterable[Line]) -> list[Gap]:
        """Which sequences nobody has seen, of producers in those minutes that do not add up.

        What was left out by sampling has a sequence too, and is among them. What the meter lost is
        named one by one.
        """
        bad = {(line.tenant, line.minute) for line in lines}
        ranges: dict[str, tuple[int, int]] = {}
        for cell, counts in self._counts.items():
            if cell in self._incomplete and (cell.tenant, cell.minute) in bad:
                low, high = ranges.get(cell.producer_id, (counts.last_sequence, -1))
                first = counts.last_sequence - counts.proxied + 1
                ranges[cell.producer_id] = (min(low, first), max(high, counts.last_sequence))
        lost: dict[str, set[int]] = {}
        for cell, sequences in self._lost.items():
            if (cell.tenant, cell.minute) in bad:
                lost.setdefault(cell.producer_id, set()).update(sequences)
        return [
            Gap(producer_id, first, last)
            for producer_id in sorted(ranges.keys() | lost)
            for first, last in self._missing(
                producer_id, ranges.get(producer_id, (0, -1)), sorted(lost.get(producer_id, ()))
            )
        ]

    def _missing(
        self, producer_id: str, span: tuple[int, int], lost: list[int]
    ) -> Iterator[tuple[int, int]]:
        low, high = max(0, span[0]), span[1]
        seen = self._records.sequences[producer_id]
        return _runs(
            chain(
                (number for number in lost if number < low),
                (number for number in range(low, high + 1) if number not in seen),
                (number for number in lost if number > high),
            )
        )


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of those that follow each other; `numbers` ascend."""
    first = last = -2
    for number in numbers:
        if number != last + 1:
            if last >= 0:
                yield first, last
            first = number
        last = number
    if last >= 0:
        yield first, last


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
