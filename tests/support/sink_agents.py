"""A sink agent over the memory sink, with everything in memory around it."""

from collections.abc import Sequence
from typing import Any

from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit
from agents.sink_agent import SinkAgent
from agents.strikes import Patience
from app.clock import ManualClock
from app.engine.contracts import Message, Position, Result
from app.engine.memory import MemoryEmitter
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import decode_dead_letter
from app.sinks.memory import MemorySink
from app.sinks.watch import SinkWatch


def decode(message: Message) -> str:
    """A message's value as text."""
    try:
        return (message.value or b"").decode()
    except UnicodeDecodeError as exc:
        raise RecordError("undecodable", "not UTF-8") from exc


def messages(*values: bytes, first: int = 0) -> list[Message]:
    """Messages of one partition."""
    return [
        Message(b"k", value, Position("e", "t", 0, first + number), 0.0)
        for number, value in enumerate(values)
    ]


class World:
    """The agent, its sink, and what it emitted."""

    def __init__(
        self, sink: Any = None, attempts: int = 3, limit: LetterLimit | None = None
    ) -> None:
        self.sink: Any = sink or MemorySink(key_of=str)
        self.emitter = MemoryEmitter()
        self.metrics = Metrics()
        self.clock = ManualClock()
        self.done: list[tuple[int, str]] = []
        self.watch = SinkWatch(self.sink.name, lambda: str(self.sink.state), self.metrics)
        dead = DeadLetters(
            self.emitter,
            "dead",
            stage="memory",
            clock=self.clock,
            metrics=self.metrics,
            limit=limit,
        )
        self.agent: SinkAgent[str] = SinkAgent(
            sink=self.sink,
            decode=decode,
            dead=dead,
            watch=self.watch,
            clock=self.clock,
            patience=Patience(attempts, 0.0),
            on_done=lambda message, item, _: self.done.append((message.position.offset, item)),
        )

    async def write(self, *values: bytes) -> Sequence[Result]:
        """One batch of values."""
        return await self.agent.write(messages(*values))

    @property
    def dead(self) -> list[tuple[int, str]]:
        """Offset and reason of each dead letter."""
        letters = [decode_dead_letter(each.value) for each in self.emitter.on("dead")]
        return [(letter.origin.offset, letter.reason) for letter in letters]

    def sample(self, name: str, **labels: str) -> float | None:
        """A value of the metrics."""
        return self.metrics.registry.get_sample_value(name, labels)
