"""How many dead letters are too many."""

from hypothesis import given
from hypothesis import strategies as st

from agents.letter_limit import LetterLimit, TooManyDeadLettersError


def refused_at(limit: LetterLimit, offsets: list[int], stage: str = "meter") -> int | None:
    for offset in offsets:
        try:
            limit.check(stage, "t", 0, offset)
        except TooManyDeadLettersError:
            return offset
    return None


def test_one_in_a_hundred_goes_on_for_ever() -> None:
    assert refused_at(LetterLimit(0.5, 10), list(range(0, 100_000, 100))) is None


def test_a_short_burst_goes_on() -> None:
    bursts = [start + n for start in range(0, 5000, 100) for n in range(9)]
    assert refused_at(LetterLimit(0.5, 10), bursts) is None


def test_a_bad_deploy_stops_and_stays_stopped() -> None:
    """Each partition by itself; the message comes again in the next incarnation."""
    limit = LetterLimit(0.5, 10)
    assert refused_at(limit, list(range(1000))) == 9
    assert refused_at(limit, [9]) == 9
    assert refused_at(limit, [500]) == 500
    assert limit.stopped_stages == ["meter"]
    limit.check("meter", "t", 1, 9)
    limit.check("archive", "t", 0, 9)


def test_read_again_is_not_counted_again() -> None:
    limit = LetterLimit(0.5, 10)
    for _ in range(20):
        assert refused_at(limit, list(range(9))) is None


def test_a_share_of_one_knows_no_limit() -> None:
    assert refused_at(LetterLimit(1.0, 10), list(range(10_000))) is None


@given(st.lists(st.integers(1, 50), min_size=1, max_size=300), st.sampled_from([0.1, 0.5, 0.9]))
def test_it_is_never_stopped_below_the_share(gaps: list[int], share: float) -> None:
    limit, offsets = LetterLimit(share, 20), []
    for gap in gaps:
        offsets.append((offsets[-1] if offsets else 0) + gap)
    if (stopped := refused_at(limit, offsets)) is not None:
        last = offsets[: offsets.index(stopped) + 1][-20:]
        assert len(last) / (last[-1] - last[0] + 1) > share
