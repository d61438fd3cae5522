"""Waiting for something for a bounded time, which can be cut short from outside."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """Runs awaitables, any number at a time, each for at most `timeout_s`.

    One that takes longer than `doubt_s` is reported through `on_doubt`, and goes on.
    """

    def __init__(
        self, timeout_s: float, *, doubt_s: float = 0.0, on_doubt: Callable[[], None] | None = None
    ) -> None:
        """Nothing runs yet."""
        self._timeout_s = timeout_s
        self._doubt_s = doubt_s
        self._on_doubt = on_doubt
        self._running: set[asyncio.Timeout] = set()

    async def wait(self, work: Coroutine[Any, Any, T], otherwise: T) -> T:
        """The result; `otherwise` if there is none in time, and then the work is cancelled."""
        doubt = None
        if self._on_doubt is not None:
            doubt = asyncio.get_running_loop().call_later(self._doubt_s, self._on_doubt)
        timeout = asyncio.timeout(self._timeout_s)
        try:
            async with timeout:
                self._running.add(timeout)
                return await work
        except TimeoutError:
            if not timeout.expired():
                raise
            return otherwise
        finally:
            self._running.discard(timeout)
            if doubt is not None:
                doubt.cancel()

    def hasten(self) -> None:
        """Wait no longer for whatever is running now."""
        now_s = asyncio.get_running_loop().time()
        for timeout in self._running:
            if not timeout.expired():
                timeout.reschedule(now_s)
