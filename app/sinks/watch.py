"""What is told of a sink: its state in readiness and metrics, its writes by verdict.

    ok         it takes what it is given
    retrying   a part of the items is tried again, the others get through
    failing    nothing of the last batch got through, although the sink says that it is well

Any other word is the sink's own.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from app.metrics import Metrics
from app.sinks.contract import Done, Fatal, Verdict
from app.views.health import Part

WELL = frozenset({"ok", "retrying"})


class SinkWatch:
    """One sink of one process, over all incarnations; a `SinkState` of the engine's loops."""

    def __init__(self, name: str, own_state: Callable[[], str], metrics: Metrics) -> None:
        """`own_state` is the sink's own word."""
        self.name = name
        self._own_state = own_state
        self._states = metrics.sink_state
        self._writes = metrics.sink_writes_total
        self._failures = metrics.sink_failures_total.labels(sink=name)
        self._records = metrics.sink_batch_records.labels(sink=name)
        self._seconds = metrics.sink_write_seconds.labels(sink=name)
        self._waiting: set[int] = set()
        self._got_through = True
        self._shown: str | None = None
        waiting = self._waiting
        metrics.sink_waiting_partitions.labels(sink=name).set_function(lambda: len(waiting))
        self._show()

    @property
    def state(self) -> str:
        """What the sink says, unless the loops know better."""
        own = self._own_state()
        if own != "ok" or not self._waiting:
            return own
        return "retrying" if self._got_through else "failing"

    def part(self) -> Part:
        """This sink in readiness."""
        return Part(f"sink {self.name}", self._show, WELL)

    # -- what the loops tell

    def attempted(self, messages: int, done: int) -> None:
        """An attempt ended."""
        self._got_through = done > 0 or not messages
        self._show()

    def waits(self, partition: int, wait_s: float | None) -> None:
        """A partition waits, or goes on."""
        if wait_s is None:
            self._waiting.discard(partition)
        else:
            self._waiting.add(partition)
        self._show()

    # -- what the agent tells

    def wrote(self, verdicts: Sequence[Verdict], took_s: float) -> None:
        """A batch was written."""
        self._records.observe(len(verdicts))
        self._seconds.observe(took_s)
        for word, count in Counter(map(_word, verdicts)).items():
            self._writes.labels(sink=self.name, verdict=word).inc(count)

    def raised(self) -> None:
        """The sink raised, which it should not."""
        self._failures.inc()

    def _show(self) -> str:
        state = self.state
        if state != self._shown:
            if self._shown is not None:
                self._states.labels(sink=self.name, state=self._shown).set(0)
            self._states.labels(sink=self.name, state=state).set(1)
            self._shown = state
        return state


def _word(verdict: Verdict) -> str:
    if isinstance(verdict, Done):
        return "done"
    return "fatal" if isinstance(verdict, Fatal) else "retry"
