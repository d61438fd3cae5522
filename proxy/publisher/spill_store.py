"""The spill as its users see it: a small Protocol, and its twin in memory."""

from collections.abc import Collection, Sequence
from typing import Protocol

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from proxy.publisher.spill.disk import State
from proxy.publisher.spill.reading import SpillBatch


class SpillStore(Protocol):
    """Keeps messages until they are durable elsewhere; several tasks may use it at a time."""

    @property
    def records(self) -> int:
        """Messages that wait for replay, bodies among them."""

    @property
    def bodies(self) -> int:
        """How many of `records` are bodies."""

    @property
    def bytes(self) -> int:
        """What they take where they are kept."""

    @property
    def oldest_age_s(self) -> float:
        """How long the oldest has waited; 0 without any."""

    @property
    def state(self) -> State:
        """How the last operation went."""

    async def open(self) -> None:
        """Take in what was left; again is harmless."""

    async def append(self, messages: Sequence[Outgoing]) -> list[Result]:
        """Keep messages; one result per message, in its order."""

    async def next_batch(self, max_messages: int, max_bytes: int) -> SpillBatch | None:
        """The oldest messages, all of one kind; the same batch again until it is `done`.

        None if nothing is there, or nothing that can be read now: then `records` is not 0.
        """

    async def done(self, batch: SpillBatch) -> None:
        """The batch is durable elsewhere."""

    async def close(self) -> None:
        """Make durable what is kept. Again is harmless."""


class MemorySpill:
    """A spill without a disk; `state` is set from outside, and only `ok` takes messages."""

    def __init__(self, body_topics: Collection[str] = ()) -> None:
        """Empty."""
        self.kept: list[Outgoing] = []
        self.state: State = "ok"
        self.opened = False
        self.closed = False
        self._body_topics = frozenset(body_topics)
        self._batch: SpillBatch | None = None

    @property
    def records(self) -> int:
        """Messages that wait for replay."""
        return len(self.kept)

    @property
    def bodies(self) -> int:
        """How many of them are bodies."""
        return sum(message.topic in self._body_topics for message in self.kept)

    @property
    def bytes(self) -> int:
        """Of all values."""
        return sum(len(message.value) for message in self.kept)

    @property
    def oldest_age_s(self) -> float:
        """Time stands still here."""
        return 0.0

    async def open(self) -> None:
        """Note that it was opened."""
        self.opened = True

    async def append(self, messages: Sequence[Outgoing]) -> list[Result]:
        """Keep all, or none."""
        if self.state != "ok":
            return ["retry"] * len(messages)
        self.kept += messages
        return ["delivered"] * len(messages)

    async def next_batch(self, max_messages: int, max_bytes: int) -> SpillBatch | None:
        """The oldest of one kind."""
        if self._batch is None and self.kept:
            is_body = self.kept[0].topic in self._body_topics
            chosen: list[Outgoing] = []
            for message in self.kept[:max_messages]:
                fits = not chosen or sum(len(m.value) for m in [*chosen, message]) <= max_bytes
                if not fits or (message.topic in self._body_topics) != is_body:
                    break
                chosen.append(message)
            self._batch = SpillBatch(chosen, 0, len(chosen))
        return self._batch

    async def done(self, batch: SpillBatch) -> None:
        """Forget the batch."""
        if batch is self._batch:
            self._batch = None
            del self.kept[: batch.end]

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True
