"""What the loop over a stream keeps for each partition, and how much of all it may hold."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.engine.contracts import BatchLimits
from app.engine.options import EngineOptions
from app.engine.ordered import Entry, Lane
from app.engine.tables import Hand

OVERHEAD_BYTES = 512
ACK_SLICE = 50


@dataclass(frozen=True, slots=True)
class Budget:
    """What all lanes of one stream may hold before the stream is not read any more."""

    records: int
    bytes: int


def budget_of(options: EngineOptions, limits: BatchLimits | None = None) -> Budget:
    """Twice the stream's own buffer, and at least room for two batches."""
    limits = limits or BatchLimits()
    return Budget(
        max(2 * options.buffer_records, 2 * limits.count),
        max(options.buffer_bytes, 2 * limits.bytes),
    )


@dataclass(slots=True, eq=False)
class Track:
    """The shell's part of one lane, for one generation."""

    tp: Any
    lane: Lane[Any]
    tasks: "dict[asyncio.Task[None], Hand]" = field(default_factory=dict)
    is_held: bool = False
    is_rewinding: bool = False
    is_waiting: bool = False
    is_over: bool = False
    laps: int = 0
    _timer: asyncio.Handle | None = None
    _timer_at_s: float | None = None

    def wake(self, at_s: float | None, call: "Callable[[Track], None]") -> None:
        """Call back with this track at a time of the loop, instead of when it was to be before."""
        if self._timer is not None:
            # Kept here: for a time that is over, uvloop gives a handle that knows none.
            if at_s == self._timer_at_s:
                return
            self._timer.cancel()
        self._timer, self._timer_at_s = None, at_s
        if at_s is not None:
            self._timer = asyncio.get_running_loop().call_at(at_s, self._woken, call)

    async def ack(self, job: list[Entry[Any]]) -> None:
        """Ack what is done, giving the loop back now and then; others may do so meanwhile."""
        for entry in job:
            if entry.is_done:
                # one that is done needs only its offset until all before it are
                entry.item.value = entry.item.message.value = None
        while not self.is_over and (ready := self.lane.pop_done(ACK_SLICE)):
            for entry in ready:
                entry.item.ack()
            await asyncio.sleep(0)

    def _woken(self, call: "Callable[[Track], None]") -> None:
        self._timer = None
        call(self)


def size_bytes_of(message: Any) -> int:
    """What a message of Faust's weighs while it is held."""
    return len(message.key or b"") + len(message.value or b"") + OVERHEAD_BYTES
