"""A timer that is moved often and fires seldom: moving it does not touch the event loop."""

import asyncio
from collections.abc import Callable
from typing import Final

GLANCE_S: Final = 1.0


class Watchdog:
    """Calls `bite` once when it stayed armed for longer than its limit.

    Arming again only notes a new deadline; the one timer, when it wakes too early, goes back to
    sleep for the rest. While armed it calls `glance` every second or so, for what nobody tells.
    Whoever would arm it anew at every chunk sets `stirred` instead: it may then bite later than its
    limit, by the limit again or a second, whichever is less, and never earlier.
    """

    __slots__ = (
        "_bite",
        "_deadline_s",
        "_glance",
        "_handle",
        "_limit_s",
        "_loop",
        "_wake_s",
        "stirred",
    )

    def __init__(
        self, limit_s: float, bite: Callable[[], None], glance: Callable[[], None]
    ) -> None:
        self._limit_s = limit_s
        self._bite = bite
        self._glance = glance
        self._loop = asyncio.get_running_loop()
        self._deadline_s: float | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._wake_s = 0.0
        self.stirred = False

    def arm(self, limit_s: float | None = None) -> None:
        """Bite in `limit_s` seconds from now unless disarmed or armed anew; None: as before."""
        if limit_s is not None:
            self._limit_s = limit_s
        self.stirred = False
        deadline_s = self._deadline_s = self._loop.time() + self._limit_s
        if self._handle is None:
            self._sleep(deadline_s)
        elif deadline_s < self._wake_s:
            self._handle.cancel()
            self._sleep(deadline_s)

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
        now_s = self._loop.time()
        if self.stirred:
            self.stirred = False
            self._deadline_s = now_s + self._limit_s
        if now_s < self._deadline_s:
            self._sleep(self._deadline_s)
            self._glance()
            return
        self._deadline_s = None
        self._bite()

    def _sleep(self, deadline_s: float) -> None:
        self._wake_s = min(deadline_s, self._loop.time() + GLANCE_S)
        self._handle = self._loop.call_at(self._wake_s, self._wake)
