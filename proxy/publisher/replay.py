"""Bringing the spill to the broker: oldest first, at a bounded rate, off the disk once acked."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from app.clock import Clock
from proxy.publisher.broker import GuardedBroker
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from proxy.publisher.spill.reading import SpillBatch
from proxy.publisher.spill_store import SpillStore

Step = Literal["nothing", "delivered", "failed"]
BATCH_MESSAGES = 200
BATCH_BYTES = 1 << 20


class Replayer:
    """Replays a spill step by step. Nothing may rely on the order of replayed and new messages.

    `on_delivered(messages)` and `on_refused(message)` are called once for what leaves the spill.
    """

    def __init__(
        self,
        spill: SpillStore,
        broker: GuardedBroker,
        *,
        messages_per_s: float,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        on_delivered: Callable[[int], None],
        on_refused: Callable[[Outgoing], None],
    ) -> None:
        """Nothing is read yet."""
        self._spill = spill
        self._broker = broker
        self._messages_per_s = messages_per_s
        self._clock = clock
        self._sleep = sleep
        self._on_delivered = on_delivered
        self._on_refused = on_refused

    async def step(self) -> Step:
        """Replay one batch, whatever the broker's circuit says; returns when the next may follow.

        `failed` if any of it has to be replayed again.
        """
        began_s = self._clock.monotonic_s()
        most = max(1, min(BATCH_MESSAGES, int(self._messages_per_s)))
        batch = await self._spill.next_batch(most, BATCH_BYTES)
        if batch is None:
            return "nothing"
        results = await self._broker.attempt(batch.messages)
        again = [m for m, result in zip(batch.messages, results, strict=True) if result == "retry"]
        if not await self._put_back(batch, again):
            return "failed"
        await self._spill.done(batch)
        self._count(batch.messages, results)
        if again:
            return "failed"
        due_s = len(batch.messages) / self._messages_per_s
        await self._sleep(max(0.0, due_s - (self._clock.monotonic_s() - began_s)))
        return "delivered"

    async def _put_back(self, batch: SpillBatch, again: Sequence[Outgoing]) -> bool:
        """Keep what failed behind all others; False if the whole batch is to come again."""
        if not again:
            return True
        if len(again) == len(batch.messages) and not self._hinders_others():
            return False
        return "retry" not in await self._spill.append(again)

    def _hinders_others(self) -> bool:
        """Whether messages of another kind wait behind, which may have better luck."""
        return 0 < self._spill.bodies < self._spill.records

    def _count(self, messages: Sequence[Outgoing], results: Sequence[Result]) -> None:
        self._on_delivered(results.count("delivered"))
        for message, result in zip(messages, results, strict=True):
            if result == "refused":
                self._on_refused(message)
