"""Which benchmarks are run, and what is said of their time."""

import pytest

from tests.bench.__main__ import BENCHMARKS, LONGER, MORE, chosen, times


def test_the_short_and_the_long_run() -> None:
    assert chosen(full=False) == [*BENCHMARKS]
    full = chosen(full=True)
    assert full[-len(MORE) :] == [*MORE]
    assert set(LONGER.values()) < set(full)
    assert not set(LONGER) & set(full)


def test_only_those_that_are_named_whatever_run_they_belong_to() -> None:
    assert chosen(full=False, only=["peers", "meter"]) == ["meter --rounds 1", "peers"]
    assert chosen(full=True, only=["meter"]) == ["meter --rounds 3"]
    with pytest.raises(ValueError, match="no benchmark of this name: nothing"):
        chosen(full=False, only=["relay", "nothing"])


def test_the_longest_comes_first() -> None:
    assert times({"a": 20.0, "b": 100.0}).split() == [
        "100",
        "s",
        "b",
        "20",
        "s",
        "a",
        "2",
        "minutes",
    ]
