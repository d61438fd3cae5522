import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.process import TURN_S, Turn


class App:
    """What a turn uses of a stream app; `calls` are in order."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.outbox = SimpleNamespace(has_room=True, room=self._room)

    def hold_writes(self, partition: int) -> None:
        self.calls.append(("hold", partition))

    def write_held(self) -> None:
        self.calls.append("write")

    def drop_held(self) -> None:
        self.calls.append("drop")

    async def _room(self) -> None:
        self.calls.append("room")


@pytest.fixture
def app() -> Any:
    return App()


async def test_a_turn_writes_before_the_loop_is_given_back(app: Any) -> None:
    turn = Turn(app, 3)
    asyncio.get_running_loop().call_soon(app.calls.append, "others")
    await turn.give_back()
    assert app.calls == [("hold", 3), "write", "others", ("hold", 3)]


async def test_a_turn_waits_for_room(app: Any) -> None:
    turn = Turn(app, 3)
    app.outbox.has_room = False
    await turn.give_back()
    assert app.calls == [("hold", 3), "write", "room", ("hold", 3)]


def test_a_turn_is_over_after_its_time(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("app.engine.process.monotonic", lambda: now[0])
    turn = Turn(app, 0)
    assert not turn.is_over
    now[0] += 2 * TURN_S
    assert turn.is_over


def test_what_is_dropped_is_not_written(app: Any) -> None:
    Turn(app, 0).drop()
    assert app.calls == [("hold", 0), "drop"]
