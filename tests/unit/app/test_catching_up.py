"""Catching up before the end: until nothing is left for a while, or no longer."""

import logging
from collections.abc import Mapping

import pytest

from app import catching_up
from app.catching_up import CatchingUp, left_of
from app.clock import ManualClock
from app.engine.lag import TopicLag

NOTHING = {"bodies": TopicLag(0, 0.0), "archived": TopicLag(0, None)}


class Side:
    """Gives its answers in turn, the last one for ever; each takes a second."""

    def __init__(self, *answers: Mapping[str, TopicLag]) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.clock = ManualClock()

    async def lags(self, *, ask: bool) -> Mapping[str, TopicLag]:
        assert ask
        self.asked += 1
        self.clock.advance(1.0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "POLL_S", 0)


async def test_it_waits_until_nothing_is_left_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    some = {**NOTHING, "bodies": TopicLag(7, 1.0)}
    side = Side(some, some, NOTHING, some, NOTHING)
    await CatchingUp(side, 60, side.clock).drain()
    assert side.asked == 4 + catching_up.CALM_POLLS
    assert not caplog.records


async def test_it_waits_no_longer_than_it_may_and_says_what_is_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    side = Side({**NOTHING, "bodies": TopicLag(7, 1.0)})
    await CatchingUp(side, 5, side.clock).drain()
    assert side.asked == 5
    assert "{'bodies': 7}" in caplog.text


async def test_without_time_nothing_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    side = Side({})
    await CatchingUp(side, 0, side.clock).drain()
    assert (side.asked, caplog.records) == (0, [])


def test_what_nobody_knows_is_left() -> None:
    assert left_of({}) == {"unknown": 1}
    assert left_of({"a": TopicLag(None, None), "b": TopicLag(0, 0.0)}) == {"a": 1}
