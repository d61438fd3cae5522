from agents.strikes import MAX_TRACKED, Exhausted, Patience, Strikes
from app.clock import ManualClock
from app.engine.contracts import Position
from app.sinks.contract import Done, Fatal, RetryAfter, Verdict

AGAIN = RetryAfter("refused")


def at(offset: int, partition: int = 0) -> Position:
    return Position("e", "t", partition, offset)


class Tried:
    """Strikes with three attempts and a clock that moves by ten seconds for each."""

    def __init__(self, time_s: float = 0) -> None:
        self.clock = ManualClock()
        self.strikes = Strikes(Patience(3, time_s), self.clock.monotonic_s)

    def __call__(self, verdicts: dict[Position, Verdict]) -> list[Verdict | Exhausted]:
        self.clock.advance(10)
        return self.strikes.judge(list(verdicts), list(verdicts.values()))


def test_a_backend_that_is_down_is_tried_for_ever() -> None:
    tried = Tried()
    for _ in range(100):
        assert tried({at(0): AGAIN, at(1): AGAIN}) == [AGAIN, AGAIN]


def test_an_item_that_fails_beside_others_is_given_up() -> None:
    tried = Tried()
    for offset in (1, 2):
        assert tried({at(0): AGAIN, at(offset): Done()}) == [AGAIN, Done()]
    assert tried({at(0): AGAIN, at(3): Done()}) == [Exhausted(3, "refused"), Done()]


def test_others_that_got_through_elsewhere_count_as_well() -> None:
    tried = Tried()
    answers = []
    for offset in range(4):
        answers += tried({at(0): AGAIN})
        tried({at(offset, partition=1): Done()})
    assert answers == [AGAIN, AGAIN, AGAIN, Exhausted(3, "refused")]


def test_an_item_alone_is_tried_for_ever() -> None:
    tried = Tried()
    tried({at(0): Done()})
    for _ in range(100):
        assert tried({at(1): AGAIN}) == [AGAIN]


def test_it_also_takes_time() -> None:
    tried = Tried(time_s=100)
    answers = [tried({at(0): AGAIN, at(offset): Done()})[0] for offset in range(1, 13)]
    assert [type(answer) for answer in answers].index(Exhausted) == 10


def test_a_backend_that_asks_for_time_accuses_nobody() -> None:
    tried = Tried()
    throttled = RetryAfter("throttled", 1.0)
    for _ in range(100):
        assert tried({at(0): throttled, at(1): Done()})[0] == throttled


def test_what_got_through_or_was_refused_begins_anew() -> None:
    tried = Tried()
    for verdict in (Done(), Fatal("refused", "")):
        for offset in (1, 2):
            tried({at(0): AGAIN, at(offset): Done()})
        assert tried({at(0): verdict}) == [verdict]


def test_what_is_remembered_is_bounded() -> None:
    tried = Tried()
    tried({at(offset): AGAIN for offset in range(MAX_TRACKED + 10)})
    assert len(tried.strikes._struck) == MAX_TRACKED
