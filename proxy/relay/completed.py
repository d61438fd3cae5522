"""Calls that went well, finished when the loop has nothing better to do.

To make a record takes longer than to relay a call, and nobody waits for it. Calls often come many
at a time: were each finished as soon as its answer is out, the next one's would wait for it. So one
call is finished in a turn of the loop that brought no other call anything, and the oldest in any
turn once it has waited for long or many wait with it: what its record is made of should not have to
be fetched from memory again.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

MAX_WAITING: Final = 16
MAX_WAIT_S: Final = 0.002
MAX_TURN_S: Final = 0.0005
Finish = Callable[[float], None]


class Completed:
    """What is left to do of each call, with the time at which it ended; in that order.

    `stirred` is to be set whenever another call gets on.
    """

    __slots__ = ("_is_due", "_loop", "_monotonic_s", "_waiting", "stirred")

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        """Nothing waits; the loop is that of the first call."""
        self._monotonic_s = monotonic_s
        self._waiting: deque[tuple[Finish, float]] = deque()
        self._is_due = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stirred = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, finish: Finish) -> None:
        """A call has ended now; `finish` is called with that time, soon; it should not raise."""
        self._waiting.append((finish, self._monotonic_s()))
        self.stirred = True
        if not self._is_due:
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
            self._is_due = True
            self._loop.call_soon(self._turn)

    def finish(self) -> None:
        """Finish all of them now."""
        while self._waiting:
            self._finish_oldest()

    def _turn(self) -> None:
        """A turn of the loop, in which what had come was read before this."""
        assert self._loop is not None
        try:
            self._finish_some()
        finally:
            # Whatever becomes of one call, the others have their turn.
            self._is_due = bool(self._waiting)
            if self._is_due:
                self._loop.call_soon(self._turn)

    def _finish_some(self) -> None:
        waiting = self._waiting
        if len(waiting) > MAX_WAITING:
            # The loop is never idle: one after the other they cost less each than one a turn.
            until_s = self._monotonic_s() + MAX_TURN_S
            while len(waiting) > MAX_WAITING or (waiting and self._monotonic_s() < until_s):
                self._finish_oldest()
        if waiting:
            is_late = self._monotonic_s() - waiting[0][1] > MAX_WAIT_S
            if is_late or not self.stirred:
                self._finish_oldest()
            self.stirred = False

    def _finish_oldest(self) -> None:
        finish, ended_s = self._waiting.popleft()
        finish(ended_s)
