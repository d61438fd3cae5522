"""Both sides held against each other."""

from typing import Any

from app.accounting.counts import Counts
from app.accounting.fates import Cell, Seen
from app.accounting.identity import Gap, Ledger, Line, table

MINUTE = 29_000_000
OLD = MINUTE + 10


def said(**values: Any) -> Counts:
    given: dict[str, Any] = {"producer_id": "p", "tenant": "t", "minute": MINUTE}
    return Counts(**{**given, **values})


def seen(sequence: int, producer_id: str = "p") -> Seen:
    return Seen(Cell("t", MINUTE, producer_id), f"id-{producer_id}-{sequence}", sequence)


def line(ledger: Ledger, young_from: int = OLD) -> Line:
    (found,) = ledger.lines(young_from=young_from)
    return found


def test_everything_ends_somewhere() -> None:
    ledger = Ledger()
    ledger.add_counts(
        said(proxied=10, sampled_out=2, durable=7, dropped={"overflow": 1}, last_sequence=9)
    )
    for sequence in range(7):
        for _ in range(1 + sequence % 2):
            ledger.add_arrived(seen(sequence))
    for sequence in range(5):
        ledger.add_metered(seen(sequence))
        ledger.add_metered(seen(sequence))
    ledger.add_dead(seen(5))
    found = line(ledger)
    assert (found.proxied, found.metered, found.dead, found.sampled_out) == (10, 5, 1, 2)
    assert (found.in_flight, found.duplicates, dict(found.dropped)) == (1, 3, {"overflow": 1})
    assert found.adds_up
    assert ledger.gaps([found]) == []


def test_what_is_missing_is_named() -> None:
    ledger = Ledger()
    ledger.add_counts(said(proxied=10, durable=10, last_sequence=109))
    for sequence in (100, 101, 104, 105, 106, 109):
        ledger.add_arrived(seen(sequence))
        ledger.add_metered(seen(sequence))
    found = line(ledger)
    assert (found.missing, found.adds_up) == (4, False)
    assert ledger.gaps([found]) == [Gap("p", 102, 103), Gap("p", 107, 108)]
    assert line(ledger, young_from=MINUTE).adds_up


def test_what_a_producer_still_holds_is_in_flight() -> None:
    ledger = Ledger()
    ledger.add_counts(said(proxied=5, durable=3, last_sequence=4))
    for sequence in range(3):
        ledger.add_metered(seen(sequence))
    assert (line(ledger).in_flight, line(ledger).adds_up) == (2, True)


def test_what_a_killed_process_took_is_at_most_what_it_held() -> None:
    """It may have been acknowledged just before."""
    for arrived in (8, 10):
        ledger = Ledger()
        ledger.add_counts(said(proxied=10, durable=8, dropped={"killed": 2}, final=True))
        for sequence in range(arrived):
            ledger.add_metered(seen(sequence))
        found = line(ledger)
        assert found.dropped.get("killed", 0) == 10 - arrived
        assert found.adds_up


def test_what_nobody_proxied_is_in_excess() -> None:
    ledger = Ledger()
    ledger.add_counts(said(proxied=1, durable=1))
    for sequence in range(3):
        ledger.add_metered(seen(sequence))
    assert (line(ledger).excess, line(ledger).adds_up) == (2, False)
    assert line(ledger, young_from=MINUTE).adds_up


def test_the_last_word_of_each_producer_counts() -> None:
    ledger = Ledger()
    for proxied in (1, 2):
        ledger.add_counts(said(proxied=proxied, durable=proxied))
    ledger.add_counts(said(producer_id="q", proxied=1, durable=1))
    ledger.add_metered(seen(0))
    ledger.add_metered(seen(1))
    ledger.add_metered(seen(0, "q"))
    found = line(ledger)
    assert (found.proxied, found.metered, found.adds_up) == (3, 3, True)
    rows = table([found])
    assert len(rows) == 2
    assert rows[1].split()[1:4] == ["t", "3", "3"]
    assert found.as_json()["missing"] == 0


def test_what_the_meter_passed_is_missing_at_any_age() -> None:
    """Neither a kill nor a young minute explains it; and it is named alone."""
    for young_from in (OLD, MINUTE):
        ledger = Ledger()
        ledger.add_counts(said(proxied=10, durable=8, dropped={"killed": 2}, last_sequence=30))
        for sequence in range(8):
            ledger.add_arrived(seen(sequence), is_passed=sequence < 6)
            if sequence not in (2, 3, 6, 7):
                ledger.add_metered(seen(sequence))
        found = line(ledger, young_from)
        assert (found.metered, found.in_flight, dict(found.dropped)) == (4, 2, {"killed": 2})
        assert (found.missing, found.unmetered, found.adds_up) == (2, 2, False)
        assert ledger.gaps([found]) == [Gap("p", 2, 3)]


def test_what_is_missing_and_what_the_meter_passed_are_named_in_order() -> None:
    ledger = Ledger()
    ledger.add_counts(said(proxied=4, durable=4, last_sequence=9))
    for sequence in (3, 8):
        ledger.add_arrived(seen(sequence), is_passed=True)
    ledger.add_metered(seen(7))
    found = line(ledger)
    assert (found.missing, found.unmetered) == (3, 2)
    assert ledger.gaps([found]) == [Gap("p", 3, 3), Gap("p", 6, 6), Gap("p", 8, 9)]


def test_a_duplicate_of_another_minute_is_not_missing() -> None:
    ledger = Ledger()
    ledger.add_counts(said(proxied=1, durable=1))
    ledger.add_arrived(seen(0), is_passed=True)
    ledger.add_metered(Seen(Cell("t", MINUTE - 1, "q"), seen(0).request_id, 5))
    of_other, found = ledger.lines(young_from=OLD)
    assert (of_other.uncounted, found.uncounted) == (1, 0)
    assert (found.duplicates, found.adds_up) == (1, True)


def test_what_nobody_counted_is_compared_with_nothing() -> None:
    """But what the meter lost of a producer of ours is missing all the same."""
    ledger = Ledger()
    ledger.add_counts(said(tenant="?", minute=0, proxied=3, durable=3))
    for producer_id in ("p", "log:x"):
        for sequence in range(3):
            ledger.add_arrived(seen(sequence, producer_id), is_passed=True)
            if sequence:
                ledger.add_metered(seen(sequence, producer_id))
    without_place, found = ledger.lines(young_from=OLD)
    assert (without_place.proxied, without_place.adds_up) == (3, True)
    assert (found.proxied, found.excess, found.uncounted) == (0, 0, 6)
    assert ledger.gaps([found]) == [Gap("p", 0, 0)]
    assert [each.tenant for each in ledger.lines(young_from=MINUTE)] == ["?"]
