"""One client's tail: woken by the feed, bounded per second, told what it missed.

It reads at its own pace: what it wants is looked up when it can write again, so a client that does
not read costs its socket's buffer and no more.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from random import random

import orjson

from app.clock import Clock
from app.live.allowance import Allowance
from app.live.events import HEARTBEAT, event
from app.live.feed import LiveFeed
from app.live.filters import LiveFilter

BUSY_ITEMS = 5
BUSY_FACTOR = 10


@dataclass(frozen=True, slots=True)
class TailPace:
    """How a tail is paced: `burst` at once, then `max_per_s`, which is more than a person reads."""

    max_per_s: int = 10
    burst: int = 40
    gather_s: float = 0.1
    heartbeat_s: float = 15.0


class Tail:
    """The events of one client, from now on or after the last one it has seen."""

    def __init__(
        self,
        feed: LiveFeed,
        wanted: LiveFilter,
        pace: TailPace,
        clock: Clock,
        last_event_id: str | None = None,
        is_one_of_many: bool = False,
        jitter: Callable[[], float] = random,
    ) -> None:
        """`last_event_id` is where the client was; unknown, it is told that it missed some.

        So it is where this is `is_one_of_many` tails of the client: in the others no place is
        known.
        """
        self._feed = feed
        allowance = Allowance(pace.max_per_s, pace.burst, clock)
        self._selection = feed.selection(wanted, allowance)
        self._is_busy = False
        self._jitter = jitter
        self._pace = pace
        self._at = feed.end
        self._unknown_place = False
        if last_event_id:
            after = feed.after(last_event_id)
            self._unknown_place = after is None or is_one_of_many
            self._at = feed.end if after is None else after

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Bytes to write, one or more whole events at a time; a heartbeat where there is nothing.

        Ends when its consumer stops to ask.
        """
        yield b"retry: 2000\n\n"
        if self._unknown_place:
            yield missed(None)
        while True:
            if written := self.next_piece():
                yield written
            elif self._at == self._feed.end and not await self._woken():
                yield HEARTBEAT
            await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        """Until the next look: a wake for each item would cost a turn of the loop per exchange.

        Longer where much goes by, and never the same, so that tails do not wake all at once.
        """
        gather_s = self._pace.gather_s * (BUSY_FACTOR if self._is_busy else 1)
        return gather_s * (0.5 + self._jitter())

    def next_piece(self) -> bytes:
        """The events of the next items; empty if nothing of them is wanted."""
        shown, dropped = self._selection.after(self._at)
        self._at = self._feed.end
        self._is_busy = dropped is None or len(shown) + dropped > BUSY_ITEMS
        pieces = [item.event for item in shown]
        if dropped != 0:
            pieces.append(missed(dropped))
        return b"".join(pieces)

    async def _woken(self) -> bool:
        """Wait for the next item; False where none came for a heartbeat's time."""
        woken = asyncio.Event()
        self._feed.wake_once(woken.set)
        try:
            async with asyncio.timeout(self._pace.heartbeat_s):
                await woken.wait()
        except TimeoutError:
            return False
        finally:
            self._feed.forget(woken.set)
        return True


def missed(count: int | None) -> bytes:
    """The event that says how many exchanges were not shown; None if nobody knows."""
    return event("missed", orjson.dumps({"count": count}))
