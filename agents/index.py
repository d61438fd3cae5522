"""The agent on `archived`: keeps where each exchange's bodies lie, to be found by their id.

    message -> decode -> row -> the analytics engine's table `bodies`

A row replaces the one of the same tenant and request id, so places that are told again, after a
crash or a replay of `bodies`, change nothing for a reader: whichever row is there is right.
"""

from collections.abc import Sequence
from typing import Any

from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit
from agents.sink_agent import SinkAgent
from app.clock import Clock
from app.engine.contracts import BatchLimits, Emitter, Message
from app.metrics import Metrics
from app.record.topics import Topics
from app.sinks.archive.location_row import row_in
from app.sinks.contract import Sink
from app.sinks.watch import SinkWatch

NAME = "index"
LIMITS = BatchLimits(count=2000, bytes=2 << 20, age_s=1.0)


def step(message: Message) -> Sequence[Any]:
    """The row of one message. Raises: RecordError."""
    return row_in(message.value)


def index_agent(
    sink: Sink[Sequence[Any]],
    emitter: Emitter,
    topics: Topics,
    *,
    watch: SinkWatch,
    clock: Clock,
    metrics: Metrics,
    letter_limit: LetterLimit | None = None,
) -> SinkAgent[Sequence[Any]]:
    """The agent, to be registered on `archived` with `LIMITS`."""
    dead = DeadLetters(
        emitter,
        topics.dead_letters,
        stage=NAME,
        clock=clock,
        metrics=metrics,
        limit=letter_limit,
    )
    return SinkAgent(sink=sink, decode=step, dead=dead, watch=watch, clock=clock)
