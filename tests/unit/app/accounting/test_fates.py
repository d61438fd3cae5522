"""What became of records, however their messages came."""

from app.accounting.fates import Cell, Fates, Seen, SeenRecords

CELL = Cell("t", 29_000_000, "p")
LATER = Cell("t", 29_000_001, "p")


def seen(sequence: int, cell: Cell = CELL, request_id: str | None = None) -> Seen:
    return Seen(cell, request_id or f"id-{sequence}", sequence)


def test_what_the_meter_passed_without_a_word_is_lost() -> None:
    records = SeenRecords()
    for sequence in range(8):
        records.add_arrived(seen(sequence), is_passed=sequence < 6)
    for sequence in (0, 1, 2, 6):
        records.add_metered(seen(sequence))
    for sequence in (2, 3):
        records.add_dead(seen(sequence))
    assert records.fates(CELL) == Fates(4, 1, 1, 0, 0, frozenset({4, 5}))
    assert records.fates(CELL).records == 8
    assert records.cells() == {CELL}


def test_a_duplicate_is_not_lost() -> None:
    """Its first message was metered, wherever it lay, or another is yet to be read."""
    records = SeenRecords()
    for _ in range(3):
        records.add_arrived(seen(0), is_passed=True)
    records.add_metered(seen(0))
    records.add_arrived(seen(1), is_passed=True)
    records.add_arrived(seen(1), is_passed=False)
    records.add_arrived(seen(2, request_id="other"), is_passed=True)
    records.add_metered(seen(2))
    assert records.fates(CELL) == Fates(2, 0, 1, 3, 0, frozenset())


def test_an_id_that_was_metered_in_another_minute_is_a_duplicate() -> None:
    """Of the same tenant: another's ids are others."""
    records, other = SeenRecords(), Cell("u", CELL.minute, "q")
    records.add_metered(seen(0, LATER))
    for cell in (CELL, other):
        records.add_arrived(seen(1, cell, "id-0"), is_passed=True)
    assert records.fates(CELL) == Fates(0, 0, 0, 0, 1, frozenset())
    assert records.fates(other).lost == {1}
