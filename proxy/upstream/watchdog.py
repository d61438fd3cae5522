"""A timer that is moved often and fires seldom: moving it does not touch the event loop."""

import asyncio
from collections.abc import Callable


class Watchdog:
    """Calls `bite` once when it stayed armed for longer than its limit.

    Arming again only notes a new deadline; the one timer, when it wakes too early, goes back to
    sleep for the rest. Not to be used from other threads.
    """

    __slots__ = ("_bite", "_deadline_s", "_handle", "_limit_s", "_loop")

    def __init__(self, limit_s: float, bite: Callable[[], None]) -> None:
        self._limit_s = limit_s
        self._bite = bite
        self._loop = asyncio.get_running_loop()
        self._deadline_s: float | None = None
        self._handle: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Bite in `limit_s` seconds from now unless disarmed or armed anew."""
        self._deadline_s = self._loop.time() + self._limit_s
        if self._handle is None:
            self._handle = self._loop.call_at(self._deadline_s, self._wake)

    def disarm(self) -> None:
        """Do not bite until armed again."""
        self._deadline_s = None

    def cancel(self) -> None:
        """Disarm and give the timer back; the end of its life."""
        self._deadline_s = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _wake(self) -> None:
        self._handle = None
        if self._deadline_s is None:
            return
        if self._loop.time() < self._deadline_s:
            self._handle = self._loop.call_at(self._deadline_s, self._wake)
            return
        self._deadline_s = None
        self._bite()
