"""The paired comparison on numbers whose answer is known."""

import random

from tests.bench.paired import Ratio, no_slower, paired_ratio, shuffled


def rounds(factor: float, seed: int) -> list[float]:
    """Twenty measurements on a machine that is up to three times slower at times."""
    machine, own = random.Random(7), random.Random(seed)
    return [machine.uniform(1, 3) * factor * own.uniform(0.97, 1.03) for _ in range(20)]


def test_the_machine_s_noise_cancels_out() -> None:
    """A quarter slower is found within a few percent, though single rounds differ threefold."""
    ratio = paired_ratio(rounds(1.25, 1), rounds(1.0, 2))
    assert 1.2 < ratio.low <= ratio.median <= ratio.high < 1.3
    assert ratio.pairs == 20


def test_the_verdict_compares_with_a_repetition() -> None:
    """Equal passes, a quarter slower does not."""
    again = paired_ratio(rounds(1.0, 3), rounds(1.0, 2))
    assert no_slower(paired_ratio(rounds(1.0, 4), rounds(1.0, 2)), again)
    assert not no_slower(paired_ratio(rounds(1.25, 4), rounds(1.0, 2)), again)


def test_the_allowance_is_ten_percent_of_the_baseline() -> None:
    """On the upper ends of the intervals."""
    repeated = Ratio(1.0, 0.98, 1.02, 12)
    assert no_slower(Ratio(1.0, 0.9, 1.12, 12), repeated)
    assert not no_slower(Ratio(1.0, 0.9, 1.13, 12), repeated)


def test_each_round_has_every_candidate_once() -> None:
    """In some order."""
    assert sorted(shuffled(["a", "b", "c"], random.Random(1))) == ["a", "b", "c"]
