"""One way out for messages; a plain one makes no choices, a `Failover` does."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from proxy.publisher.outgoing import Outgoing

Result = Literal["delivered", "retry", "refused"]
WayState = Literal["direct", "fallback", "spilling", "replaying", "retrying"]


class Outlet(Protocol):
    """Delivers batches; used by one task at a time.

    Every call takes a bounded time, however bad things are, and gives the event loop back at least
    every few hundred microseconds. None raises but for its own cancellation, which gives the batch
    up: its messages may arrive or not.
    """

    async def start(self) -> bool:
        """Get ready to deliver, and say whether it succeeded; again is harmless, and tries again.

        Need not be called: `deliver` does what is missing. It tells a way that works from one that
        does not before there is anything to deliver.
        """

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Send a batch; one result per message, in its order.

        `delivered`: durable where it went. `retry`: not known to be delivered; the same message
        may be given again, and may then arrive twice. `refused`: the message's own fault, it will
        never be taken, whatever is tried.
        """

    async def close(self) -> None:
        """Let go of connections. Again is harmless."""


@runtime_checkable
class Failover(Outlet, Protocol):
    """An outlet that chooses between several, and says which; see `failover.py`."""

    @property
    def state(self) -> WayState:
        """Where a message offered now would go."""

    def hurry(self) -> None:
        """The process ends: wait for nobody."""
