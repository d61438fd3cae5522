"""A sink in memory: the twin that agents are tested with, and a backend that can misbehave."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from app.sinks.contract import Done, Fatal, RetryAfter, Verdict

Item = TypeVar("Item")


class MemorySink(Generic[Item]):
    """Keeps items by `key_of`, so that one written again replaces itself.

    Faults are attributes: `is_down` and `throttled_s` refuse everything for now, `poison` names
    items that are refused for ever, `stubborn` items that are refused for now whatever happens to
    their neighbours, `slow` is waited for in the middle of a write.
    """

    def __init__(self, key_of: Callable[[Item], Hashable], name: str = "memory") -> None:
        """An empty backend that takes everything."""
        self._key_of = key_of
        self._name = name
        self.kept: dict[Hashable, Item] = {}
        self.batches: list[list[Item]] = []
        self.is_down = False
        self.throttled_s: float | None = None
        self.poison: set[Hashable] = set()
        self.stubborn: set[Hashable] = set()
        self.slow: asyncio.Event | None = None
        self.is_closed = False

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    @property
    def state(self) -> str:
        """`ok`, `down` or `throttled`."""
        if self.is_down:
            return "down"
        return "ok" if self.throttled_s is None else "throttled"

    async def start(self) -> None:
        """Nothing to open."""

    async def write(self, batch: Sequence[Item]) -> list[Verdict]:
        """Keep the items, half of them before `slow` is waited for."""
        self.batches.append(list(batch))
        half = len(batch) // 2
        verdicts = [self._keep(item) for item in batch[:half]]
        if self.slow is not None:
            await self.slow.wait()
        return verdicts + [self._keep(item) for item in batch[half:]]

    def _keep(self, item: Item) -> Verdict:
        key = self._key_of(item)
        if self.is_down:
            return RetryAfter("down")
        if self.throttled_s is not None:
            return RetryAfter("throttled", self.throttled_s)
        if key in self.poison:
            return Fatal("refused", f"{key!r} is poison")
        if key in self.stubborn:
            return RetryAfter("stubborn")
        self.kept[key] = item
        return Done()

    async def close(self) -> None:
        """Nothing to let go of."""
        self.is_closed = True
