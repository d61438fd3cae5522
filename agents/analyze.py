"""The agent on `facts`: each becomes a row of the table `exchanges` in the analytics engine.

    message -> decode -> row (pure, `app/analytics/row.py`) -> TableSink.write(batch)

Rows are replaced by (tenant, request id), so it does not matter how often a fact comes or how a
replay cuts its batches. A row that the engine refuses goes to the dead letters, its neighbours are
stored; an engine that is away is waited for, and nothing else waits with it.
"""

from typing import Any

from agents.dead_letters import DeadLetters
from agents.sink_agent import SinkAgent
from agents.strikes import Patience
from app.analytics.row import row_in
from app.clock import Clock
from app.engine.contracts import Message
from app.sinks.contract import Sink
from app.sinks.watch import SinkWatch

NAME = "analytics"


def decode(message: Message) -> list[Any]:
    """The row of the fact in a message. Raises: RecordError."""
    return row_in(message.value)


def agent_of(
    sink: Sink[list[Any]],
    *,
    dead: DeadLetters,
    watch: SinkWatch,
    clock: Clock,
    patience: Patience | None = None,
) -> SinkAgent[list[Any]]:
    """The agent over a sink of rows, to be registered on the topic of facts."""
    return SinkAgent(
        sink=sink, decode=decode, dead=dead, watch=watch, clock=clock, patience=patience
    )
