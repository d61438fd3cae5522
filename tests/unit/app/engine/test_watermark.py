from hypothesis import given
from hypothesis import strategies as st

from app.engine.watermark import Watermark


def test_the_watermark_waits_for_the_first() -> None:
    marks = Watermark()
    first, second, third = (marks.start(10) for _ in range(3))
    assert marks.finish(third) is False
    assert marks.finish(second) is False
    assert marks.delivered == 0
    assert marks.finish(first) is True
    assert marks.delivered == marks.queued == 3
    assert (marks.outstanding_records, marks.outstanding_bytes) == (0, 0)


def test_finishing_twice_counts_once() -> None:
    marks = Watermark()
    delivery = marks.start(10)
    marks.finish(delivery)
    assert marks.finish(delivery) is False
    assert marks.outstanding_records == 0


@given(st.permutations(range(12)))
def test_the_watermark_is_the_highest_number_below_which_all_are_done(order: list[int]) -> None:
    marks = Watermark()
    deliveries = [marks.start(1) for _ in order]
    done: set[int] = set()
    for index in order:
        marks.finish(deliveries[index])
        done.add(index)
        expected = next(number for number in range(13) if number not in done)
        assert marks.delivered == expected
        assert marks.outstanding_bytes == 12 - len(done)
