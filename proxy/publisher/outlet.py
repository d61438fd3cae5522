"""One way out for messages. It makes no choices: who to try next is the publisher's business."""

from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

Result = Literal["delivered", "retry", "refused"]


class Outgoing(NamedTuple):
    """One message to be sent."""

    topic: str
    key: bytes
    value: bytes


class Outlet(Protocol):
    """Delivers batches; used by one task at a time."""

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Send a batch; one result per message, in its order. Never raises for a message's sake.

        `delivered`: durable where it went. `retry`: not known to be delivered; the same message
        may be given again, and may then arrive twice. `refused`: it will never be taken, whatever
        is tried. Takes a bounded time, however bad things are; cancelling it gives up the batch.
        """

    async def close(self) -> None:
        """Let go of connections. Again is harmless."""


class MemoryOutlet:
    """The in-memory twin: keeps what it took, and fails as it is told.

    `results` are used up one per message before everything is delivered again; `down` makes every
    message a retry.
    """

    def __init__(self) -> None:
        """Nothing taken; everything will be."""
        self.taken: list[Outgoing] = []
        self.results: deque[Result] = deque()
        self.down = False
        self.batches = 0
        self.closed = False

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Take what is delivered, in its order."""
        self.batches += 1
        answers: list[Result] = []
        for message in batch:
            result: Result = "retry" if self.down else "delivered"
            if not self.down and self.results:
                result = self.results.popleft()
            if result == "delivered":
                self.taken.append(message)
            answers.append(result)
        return answers

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def on(self, topic: str) -> list[Outgoing]:
        """What was taken for one topic, in order."""
        return [message for message in self.taken if message.topic == topic]
