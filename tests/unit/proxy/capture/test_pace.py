import random
import sys

import pytest

from proxy.capture.pace import MAX_NEW, Pace


def test_without_tokens_there_is_nothing() -> None:
    pace = Pace()
    assert (pace.first_s, pace.gap_ms(0.5)) == (None, None)


def test_one_token_has_no_gap() -> None:
    pace = Pace()
    pace.token(3.0)
    assert (pace.first_s, pace.gap_ms(0.5)) == (3.0, None)


def test_tokens_of_one_chunk_have_no_gap_between_them() -> None:
    pace = Pace()
    for at_s in (1.0, 1.0, 1.0, 2.0):
        pace.token(at_s)
    assert pace.gap_ms(0.5) == 0.0
    assert pace.gap_ms(0.99) == pytest.approx(1000.0, rel=0.026)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_percentiles_are_near_the_exact_ones(share: float) -> None:
    chance = random.Random(7)
    gaps_s = [chance.lognormvariate(-3, 1) for _ in range(999)]
    pace, at_s = Pace(), 50.0
    pace.token(at_s)
    for gap_s in gaps_s:
        at_s += gap_s
        pace.token(at_s)
    exact_s = sorted(gaps_s)[int(share * 999)]
    assert pace.gap_ms(share) == pytest.approx(exact_s * 1000, rel=0.04)


def test_memory_does_not_grow_with_the_tokens() -> None:
    pace, at_s = Pace(), 0.0
    for step in range(50_000):
        at_s += 1e-6 * 1.01 ** (step % 5000)
        pace.token(at_s)
    assert len(pace._gaps) <= 462
    assert sys.getsizeof(pace._gaps) < 40_000
    assert len(pace._new) <= MAX_NEW


def test_a_clock_that_goes_back_is_no_gap() -> None:
    pace = Pace()
    pace.token(5.0)
    pace.token(4.0)
    assert pace.gap_ms(0.5) == 0.0


def test_how_long_the_tokens_took() -> None:
    pace = Pace()
    assert pace.lasted_s == 0.0
    pace.first_thought_s = 2.0
    assert pace.lasted_s == 0.0
    pace.token(5.0)
    pace.token(6.5)
    assert pace.lasted_s == 4.5
    pace.first_thought_s = None
    assert pace.lasted_s == 1.5


@pytest.mark.parametrize("tokens", [2, 3, 100, MAX_NEW, MAX_NEW + 1, MAX_NEW + 2, 1000])
def test_gaps_not_counted_yet_and_counted_ones_say_the_same(tokens: int) -> None:
    chance = random.Random(tokens)
    times_s = [sum(chance.lognormvariate(-3, 2) for _ in range(at % 7)) for at in range(tokens)]
    together, by_one, counted = Pace(), Pace(), Pace()
    together.tokens(times_s)
    for at_s in times_s:
        by_one.token(at_s)
        counted.token(at_s)
        counted._count()
    for share in (0.0, 0.1, 0.5, 0.99, 1.0):
        assert together.gap_ms(share) == by_one.gap_ms(share) == counted.gap_ms(share)
    assert together.lasted_s == counted.lasted_s == times_s[-1] - times_s[0]
