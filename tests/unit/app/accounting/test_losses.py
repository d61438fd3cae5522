"""What a loss explains: as much that is missing, and nothing that was made after it."""

from collections import Counter

from app.accounting.identity import Line
from app.accounting.losses import losses, unexplained

MINUTE = 29_000_000


def lost(minute: int, **dropped: int) -> Line:
    return Line("?", minute, dropped=Counter(dropped))


def missing(minute: int, number: int, unmetered: int = 0) -> Line:
    return Line("t", minute, missing=number, unmetered=unmetered)


def test_a_loss_explains_as_much_of_its_minute_and_of_earlier_ones() -> None:
    for minute, left in ((MINUTE + 5, 1), (MINUTE, 1), (MINUTE - 1, 4)):
        assert unexplained([lost(minute, spill=2, refused=1), missing(MINUTE, 4)]) == left


def test_each_loss_explains_one() -> None:
    lines = [lost(MINUTE + 1, spill=5), missing(MINUTE, 3), missing(MINUTE + 1, 3)]
    assert unexplained(lines) == 1
    assert unexplained([*lines, lost(MINUTE - 1, spill=9)]) == 1
    assert unexplained([*lines, lost(MINUTE, spill=1)]) == 0


def test_a_loss_at_an_unknown_time_explains_nothing() -> None:
    lines = [lost(0, spill=1000, killed=1), lost(MINUTE, spill=2), missing(MINUTE, 3)]
    assert unexplained(lines) == 1
    assert losses(lines, dated=True) == {"spill": 2}
    assert losses(lines, dated=False) == {"spill": 1000, "killed": 1}


def test_nothing_explains_what_the_meter_passed() -> None:
    """It had left every spill."""
    assert unexplained([lost(MINUTE, spill=9), missing(MINUTE, 5, unmetered=2)]) == 2
