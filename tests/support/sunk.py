"""A stream app for tests against a broker: a meter, and a sink fed by what the meter emits."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agents.dead_letters import DeadLetters
from agents.sink_agent import SinkAgent
from agents.strikes import Patience
from app.clock import SystemClock
from app.engine.contracts import BatchLimits
from app.engine.options import EngineOptions
from app.metrics import Metrics
from app.record.topics import TopicSpec
from app.sinks.contract import Done, Verdict
from app.sinks.memory import MemorySink
from app.sinks.watch import SinkWatch
from tests.support.counting import Counting
from tests.support.counting import options as plain_options
from tests.support.kafka import KafkaBroker
from tests.support.sink_agents import decode

LIMITS = BatchLimits(count=100, age_s=0.1)
QUICK: dict[str, Any] = {
    "sink_backoff_first_s": 0.05,
    "sink_backoff_max_s": 1.0,
    "sink_hold_s": 0.4,
    "sink_grace_s": 1.0,
}


def options(servers: str, name: str, data_dir: Path, **changes: Any) -> EngineOptions:
    """Options with short waits."""
    return plain_options(servers, name, data_dir, **{**QUICK, **changes})


class Sunk(Counting):
    """A `Counting` whose emits are read by a sink agent; dead letters go to `<name>.dead`."""

    def __init__(
        self, opts: EngineOptions, sink: Any, limits: BatchLimits = LIMITS, source: str = ""
    ) -> None:
        super().__init__(opts)
        self.sink = sink
        self.metrics = Metrics()
        self.watch = SinkWatch("test", lambda: str(sink.state), self.metrics)
        clock = SystemClock()
        dead = DeadLetters(
            self.app, f"{self.name}.dead", stage="test", clock=clock, metrics=self.metrics
        )
        agent: SinkAgent[str] = SinkAgent(
            sink=sink,
            decode=decode,
            dead=dead,
            watch=self.watch,
            clock=clock,
            patience=Patience(4, 0.5),
        )
        self.source = source or f"{self.name}.out"
        agent.register(self.app, self.source, limits)

    async def create_topics(self, broker: KafkaBroker) -> None:
        """All that it needs."""
        names = {self.name, f"{self.name}.out", f"{self.name}.dead", self.source}
        specs = [TopicSpec(each) for each in names]
        await broker.create_topics([*specs, *self.app.changelog_specs()])


class FileSink(MemorySink[str]):
    """Appends each item to a file, half of a batch, a pause, and the other half."""

    def __init__(self, path: Path, pause_s: float) -> None:
        super().__init__(key_of=str, name="test")
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        self._pause_s = pause_s

    async def write(self, batch: Sequence[str]) -> list[Verdict]:
        """A line for the beginning of a batch, then one for each item."""
        half = len(batch) // 2
        self._append(["begin", *batch[:half]])
        await asyncio.sleep(self._pause_s)
        self._append([*batch[half:], "end"])
        return [Done()] * len(batch)

    def _append(self, lines: Sequence[str]) -> None:
        os.write(self._file, "".join(f"{line}\n" for line in lines).encode())


def items_in(path: Path) -> set[str]:
    """Every item that was written whole."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return set(lines) - {"begin", "end"}


def is_in_a_batch(path: Path) -> bool:
    """Whether one has begun that has not ended."""
    lines = path.read_text().split("\n") if path.exists() else []
    return lines.count("begin") > lines.count("end")


@asynccontextmanager
async def trouble(sink: MemorySink[str]) -> AsyncIterator[None]:
    """The sink's backend is away."""
    sink.is_down = True
    try:
        yield
    finally:
        sink.is_down = False
