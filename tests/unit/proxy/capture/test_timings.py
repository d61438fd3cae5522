import pytest

from proxy.capture.pace import Pace
from proxy.capture.timings import Marks, tokens_per_s


def test_what_never_came_is_left_out() -> None:
    marks = Marks(10.0, ended_s=10.5)
    assert marks.timings_ms(None) == marks.timings_ms(Pace()) == {"total": 500.0}


def test_all_count_from_the_start() -> None:
    marks = Marks(10.0, 10.25, 0.125, 10.5, 10.75, 12.0)
    pace = Pace()
    pace.first_thought_s = 10.875
    pace.token(11.0)
    timings = marks.timings_ms(pace)
    assert timings["upstream_headers"] == 500.0
    assert timings["first_byte"] == 750.0
    assert timings["first_token"] == 1000.0
    assert timings["proxy_overhead"] == 125.0
    assert timings["total"] == 2000.0
    assert timings["first_reasoning_token"] == 875.0
    assert timings["upstream"] == 1750.0


def test_nothing_is_negative() -> None:
    marks = Marks(10.0, 10.0, 0.5, 9.0, 9.0, 9.0)
    assert list(marks.timings_ms(None).values()) == [0.0] * 5


@pytest.mark.parametrize(
    ("usage", "thought_s", "rate"),
    [
        ({"output": 21}, None, 10.0),
        ({"output": 121, "reasoning": 100}, None, 10.0),
        ({"output": 121, "reasoning": 100}, 8.0, 30.0),
        ({"output": 1}, None, None),
        ({"output": 5, "reasoning": 9}, None, None),
        ({"input": 5}, None, None),
        (None, None, None),
    ],
)
def test_how_fast_tokens_came(
    usage: dict[str, int | bool] | None, thought_s: float | None, rate: float | None
) -> None:
    pace = Pace()
    pace.first_thought_s = thought_s
    pace.token(10.0)
    pace.token(12.0)
    assert tokens_per_s(usage, pace) == rate


def test_tokens_that_came_at_once_have_no_speed() -> None:
    pace = Pace()
    assert tokens_per_s({"output": 9}, pace) is None
    pace.token(10.0)
    pace.token(10.0)
    assert tokens_per_s({"output": 9}, pace) is None
