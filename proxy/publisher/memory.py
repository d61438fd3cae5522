"""The in-memory twin of an outlet: keeps what it took, and fails as it is told."""

from collections import deque
from collections.abc import Sequence

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result


class MemoryOutlet:
    """Takes everything.

    `results` are used up one per message before everything is delivered again; `down` makes every
    message a retry, and `down_topics` those for some topics.
    """

    def __init__(self) -> None:
        """Nothing taken; everything will be."""
        self.taken: list[Outgoing] = []
        self.results: deque[Result] = deque()
        self.down = False
        self.down_topics: set[str] = set()
        self.batches = 0
        self.closed = False

    async def start(self) -> bool:
        """Ready unless `down`."""
        return not self.down

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Take what is delivered, in its order."""
        self.batches += 1
        answers: list[Result] = []
        for message in batch:
            result: Result = "delivered"
            if self.down or message.topic in self.down_topics:
                result = "retry"
            elif self.results:
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
