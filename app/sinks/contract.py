"""What every sink is: a backend that takes batches of items and answers a verdict for each.

A sink never raises for an item or for its backend: `RetryAfter` says that the backend cannot take
an item now, `Fatal` that it never will. Writing the same item again must have no second effect,
for a batch is written again after a crash, a rebalance or a cancelled write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item", contravariant=True)


@dataclass(frozen=True, slots=True)
class Done:
    """The item is durable in the backend."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not now; `after_s` is the backend's own word on when, None without one."""

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Fatal:
    """Never: this item will be refused however often it is tried. `reason` is a metric's label."""

    reason: str
    detail: str


Verdict = Done | RetryAfter | Fatal


class Sink(Protocol[Item]):
    """A backend that takes items in batches."""

    @property
    def name(self) -> str:
        """Its name in metrics, readiness and dead letters."""

    @property
    def state(self) -> str:
        """`ok`, `down`, `throttled`, or a word of its own; known without asking the backend."""

    async def start(self) -> None:
        """Open it, with one call that is likely to succeed; a backend that is away is `down`.

        Raises: StartError only for what an operator must mend.
        """

    async def write(self, batch: Sequence[Item]) -> list[Verdict]:
        """Make the items durable: one verdict for each, in their order.

        Raises nothing for an item or the backend. Cancelled half-way, any part of the items may
        have been written.
        """

    async def close(self) -> None:
        """Let go of connections; again is harmless."""
