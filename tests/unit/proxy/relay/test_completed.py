import asyncio
from functools import partial

from app.clock import ManualClock
from proxy.relay.completed import MAX_TURN_S, MAX_WAIT_S, MAX_WAITING, Completed


class Desk:
    """Calls that end, and what was finished of them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.completed = Completed(self.clock.monotonic_s)
        self.finished: list[tuple[int, float]] = []
        self.took_s = 0.0

    def end(self, *names: int) -> None:
        for name in names:
            self.completed.add(partial(self._finish, name))

    def _finish(self, name: int, at_s: float) -> None:
        self.clock.advance(self.took_s)
        self.finished.append((name, at_s))

    async def busy_turns(self, count: int) -> None:
        """Turns in each of which another call gets on."""
        for _ in range(count):
            self.completed.stirred = True
            await asyncio.sleep(0)

    @property
    def names(self) -> list[int]:
        return [name for name, _ in self.finished]


async def test_each_is_finished_in_a_turn_of_its_own_in_order_and_with_its_time() -> None:
    desk = Desk()
    desk.end(0)
    desk.clock.advance(MAX_WAIT_S / 2)
    desk.end(1, 2)
    seen = []
    for _ in range(10):
        await asyncio.sleep(0)
        seen.append(len(desk.finished))
    assert desk.finished == [(0, 0.0), (1, MAX_WAIT_S / 2), (2, MAX_WAIT_S / 2)]
    assert {0, 1, 2, 3} == set(seen)


async def test_other_calls_go_first() -> None:
    desk = Desk()
    desk.end(0, 1)
    await desk.busy_turns(20)
    assert desk.finished == []
    for _ in range(10):
        await asyncio.sleep(0)
    assert desk.names == [0, 1]


async def test_but_not_for_long() -> None:
    desk = Desk()
    desk.end(0)
    desk.clock.advance(MAX_WAIT_S * 2)
    desk.end(1)
    await desk.busy_turns(5)
    assert desk.names == [0]


async def test_nor_are_many_held_back() -> None:
    desk = Desk()
    desk.end(*range(MAX_WAITING + 3))
    await desk.busy_turns(1)
    assert desk.names == list(range(MAX_WAITING + 3))


async def test_when_they_take_long_only_those_that_are_too_many_go_at_once() -> None:
    desk = Desk()
    desk.took_s = MAX_TURN_S
    desk.end(*range(MAX_WAITING + 3))
    await desk.busy_turns(1)
    assert (desk.names, len(desk.completed)) == ([0, 1, 2], MAX_WAITING)


async def test_one_that_fails_keeps_nobody_up() -> None:
    loop = asyncio.get_running_loop()
    failures: list[object] = []
    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    desk = Desk()

    def fail(at_s: float) -> None:
        raise ZeroDivisionError

    desk.completed.add(fail)
    desk.end(1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert desk.names == [1]
    assert [type(failure) for failure in failures] == [ZeroDivisionError]
    desk.end(2)
    for _ in range(5):
        await asyncio.sleep(0)
    assert desk.names == [1, 2]


async def test_all_are_finished_at_once_when_asked_and_more_may_follow() -> None:
    desk = Desk()
    desk.end(0, 1)
    desk.completed.finish()
    assert desk.names == [0, 1]
    for _ in range(3):
        await asyncio.sleep(0)
    desk.end(2)
    for _ in range(3):
        await asyncio.sleep(0)
    assert desk.names == [0, 1, 2]
