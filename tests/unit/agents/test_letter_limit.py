"""How many dead letters are too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.letter_limit import OK, LetterLimit, TooManyDeadLettersError
from app.engine.contracts import Position


def at(offset: int, partition: int = 0, epoch: str = "e") -> Position:
    return Position(epoch, "t", partition, offset)


def refused_at(limit: LetterLimit, offsets: list[int], stage: str = "meter") -> int | None:
    """The first offset of partition 0 that is refused."""
    for offset in offsets:
        try:
            limit.check(stage, at(offset))
        except TooManyDeadLettersError:
            return offset
    return None


def passed(limit: LetterLimit, positions: list[Position]) -> int:
    """How many letters are written before one is refused."""
    for number, position in enumerate(positions):
        try:
            limit.check("meter", position)
        except TooManyDeadLettersError:
            return number
    return len(positions)


def test_one_in_a_hundred_goes_on_for_ever() -> None:
    assert refused_at(LetterLimit(0.1, 10), list(range(0, 100_000, 100))) is None


def test_a_short_burst_goes_on() -> None:
    bursts = [start + n for start in range(0, 50_000, 1000) for n in range(10)]
    assert refused_at(LetterLimit(0.1, 10), bursts) is None


def test_a_bad_deploy_stops_and_stays_stopped() -> None:
    """Wherever the stage reads; the message comes again in the next incarnation."""
    limit = LetterLimit(0.1, 10)
    assert refused_at(limit, list(range(1000))) == 10
    assert [refused_at(limit, [offset]) for offset in (3, 10, 500)] == [3, 10, 500]
    with pytest.raises(TooManyDeadLettersError, match="MAX_SHARE=1"):
        limit.check("meter", at(0, partition=7))
    limit.check("archive", at(10))
    assert (limit.is_stopped("meter"), limit.is_stopped("archive")) == (True, False)
    assert limit.state == "stopped: meter"
    assert LetterLimit().state == OK


def test_partitions_share_one_limit() -> None:
    """A thin topic of many partitions is not emptied before one of them has enough."""
    limit = LetterLimit(0.1, 20)
    everywhere = [at(number // 24, number % 24) for number in range(24_000)]
    assert passed(limit, everywhere) < 24 + 20


def test_read_again_is_not_counted_again() -> None:
    limit = LetterLimit(0.1, 10)
    for _ in range(20):
        assert refused_at(limit, list(range(10))) is None


def test_a_topic_made_anew_begins_at_zero_again() -> None:
    limit = LetterLimit(0.1, 10)
    assert refused_at(limit, list(range(10))) is None
    assert passed(limit, [at(offset, epoch="anew") for offset in range(10)]) < 10


def test_letters_out_of_order_are_noticed_later_but_are_noticed() -> None:
    """As agents write them that handle many messages at a time."""
    limit = LetterLimit(0.1, 10)
    swapped = [offset ^ 1 for offset in range(100)]
    assert refused_at(limit, swapped) is not None


def test_a_share_of_one_knows_no_limit() -> None:
    assert refused_at(LetterLimit(1.0, 10), list(range(10_000))) is None


Letters = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 60)), min_size=1, max_size=300)


@given(Letters, st.sampled_from([0.05, 0.1, 0.5, 0.9]))
def test_it_stops_where_the_share_is_passed_and_nowhere_else(
    steps: list[tuple[int, int]], share: float
) -> None:
    """Letters of four partitions, each so many messages after the one before it."""
    limit, least = LetterLimit(share, 20), 20
    offsets: dict[int, list[int]] = {}
    gaps: list[int] = []
    for partition, step in steps:
        known = offsets.setdefault(partition, [])
        known.append((known[-1] if known else 0) + step)
        gaps += [b - a for a, b in pairwise(known[-2:])]
        last = gaps[-least:]
        expected = len(last) == least and least / sum(last) > share
        try:
            limit.check("meter", at(known[-1], partition))
        except TooManyDeadLettersError:
            assert expected
            return
        assert not expected
