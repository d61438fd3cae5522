"""How agents hand their stream to a sink: the part of a stream app that waits."""

import asyncio
from random import random
from typing import TYPE_CHECKING, Any, cast

from app.engine.asynchronous import AsyncLoop
from app.engine.attempts import each
from app.engine.backoff import Backoff
from app.engine.batching import BatchLane
from app.engine.concurrency import ConcurrentLane
from app.engine.contracts import BatchLimits, Handle, SinkState, Write
from app.engine.options import EngineOptions
from app.engine.ordered import WINDOW_RECORDS
from app.engine.tracks import budget_of

if TYPE_CHECKING:
    from app.engine.app import StreamApp


class Sinking:
    """The loops of one incarnation that wait for sinks."""

    options: EngineOptions
    async_loops: list[AsyncLoop]

    async def process_batches(
        self, stream: Any, write: Write, limits: BatchLimits, *, state: SinkState | None = None
    ) -> None:
        """Give the messages of each partition to `write` in batches; ack in order what is done."""
        hold_s = self.options.sink_hold_s

        def lane() -> BatchLane[Any]:
            return BatchLane(limits, self._backoff(), hold_s)

        budget = budget_of(self.options, limits)
        await AsyncLoop(cast("StreamApp", self), write, lane, budget, state).run(stream)

    async def process_concurrently(
        self,
        stream: Any,
        handle: Handle,
        *,
        in_flight: int,
        window_records: int = WINDOW_RECORDS,
        state: SinkState | None = None,
    ) -> None:
        """Give up to `in_flight` messages of each partition to `handle` at a time."""
        hold_s = self.options.sink_hold_s

        def lane() -> ConcurrentLane[Any]:
            return ConcurrentLane(in_flight, self._backoff, hold_s, window_records)

        await AsyncLoop(
            cast("StreamApp", self), each(handle), lane, budget_of(self.options), state
        ).run(stream)

    def _backoff(self) -> Backoff:
        options = self.options
        return Backoff(options.sink_backoff_first_s, options.sink_backoff_max_s, random)

    async def leave_sinks(self, grace_s: float) -> None:
        """Have all loops that wait for sinks let go of their messages, within a grace."""
        await asyncio.gather(*(loop.leave(grace_s) for loop in self.async_loops))
