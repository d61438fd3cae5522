"""The shell that every agent with a sink shares.

    messages -> decode -> sink.write -> verdicts -> judge (`strikes.py`, pure) -> results

    undecodable          a dead letter alone, its neighbours are written
    Done                 `on_done`, which may emit; where it raises, a dead letter `step_failed`
    RetryAfter           tried again by the engine's loop; see `strikes.py` for when that ends
    Fatal                a dead letter `sink_refused`
    given up             a dead letter `attempts_exhausted`
    the sink raises      against its contract: the items are written one by one, so that a bad one
                         is found; where one after the other raises, all are tried again later

Messages come again after a crash, a rebalance or a cancelled write, so the sink must take the same
item twice, and `on_done` emits the same again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from agents.dead_letters import DeadLetters, as_record_error
from agents.letter_limit import TooManyDeadLettersError
from agents.strikes import Exhausted, Patience, Strikes
from app.clock import Clock
from app.engine.contracts import Again, BatchLimits, Message, Result, StreamApp
from app.errors import RecordError
from app.sinks.contract import Done, Fatal, RetryAfter, Sink, Verdict
from app.sinks.watch import SinkWatch

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
Decode = Callable[[Message], Item]
OnDone = Callable[[Message, Item, Done], None]
RAISING_IN_A_ROW = 3
SLICE_ITEMS = 32


class SinkAgent(Generic[Item]):
    """Decodes, writes, judges; one call of `write` at a time for each partition."""

    def __init__(
        self,
        *,
        sink: Sink[Item],
        decode: Decode[Item],
        dead: DeadLetters,
        watch: SinkWatch,
        clock: Clock,
        patience: Patience | None = None,
        on_done: OnDone[Item] | None = None,
    ) -> None:
        """`decode` raises RecordError alone; `on_done` sees the sink's own `Done`."""
        self._sink = sink
        self._decode = decode
        self._dead = dead
        self._watch = watch
        self._clock = clock
        self._on_done = on_done
        self._strikes = Strikes(patience or Patience(), clock.monotonic_s)

    def register(self, app: StreamApp, topic: str, limits: BatchLimits) -> None:
        """Run on every message of a topic."""

        @app.agent(app.source(topic), name=self._sink.name)
        async def sink_agent(stream: Any) -> None:
            await app.process_batches(stream, self.write, limits, state=self._watch)

    async def write(self, messages: Sequence[Message]) -> list[Result]:
        """One result for each message."""
        results: list[Result] = [None] * len(messages)
        numbers, items = await self._decoded(messages, results)
        if not items:
            return results
        began_s = self._clock.monotonic_s()
        verdicts = await self._written(items)
        self._watch.wrote(verdicts, self._clock.monotonic_s() - began_s)
        positions = [messages[number].position for number in numbers]
        judged = self._strikes.judge(positions, verdicts)
        for number, item, verdict in zip(numbers, items, judged, strict=True):
            results[number] = self._result(messages[number], item, verdict)
            await _breathe(number)
        return results

    async def _decoded(
        self, messages: Sequence[Message], results: list[Result]
    ) -> tuple[list[int], list[Item]]:
        """The items, and the numbers of their messages; what cannot be decoded is buried."""
        numbers, items = [], []
        for number, message in enumerate(messages):
            try:
                items.append(self._decode(message))
            except Exception as exc:  # noqa: BLE001 - mapped: one message must not stop the others
                results[number] = self._bury(message, as_record_error(exc))
            else:
                numbers.append(number)
            await _breathe(number)
        return numbers, items

    def _result(self, message: Message, item: Item, verdict: Verdict | Exhausted) -> Result:
        if isinstance(verdict, RetryAfter):
            return Again(verdict.reason, verdict.after_s)
        if isinstance(verdict, Done):
            return self._tell(message, item, verdict)
        if isinstance(verdict, Fatal):
            detail = f"{self._sink.name}: {verdict.reason}: {verdict.detail}"
            return self._bury(message, RecordError("sink_refused", detail))
        detail = f"{self._sink.name}: {verdict.attempts} times: {verdict.reason}"
        return self._bury(message, RecordError("attempts_exhausted", detail))

    def _tell(self, message: Message, item: Item, done: Done) -> Result:
        """Have what follows from an item emitted; if that cannot be, a dead letter says so."""
        if self._on_done is None:
            return None
        try:
            self._on_done(message, item, done)
        except Exception as exc:  # noqa: BLE001 - mapped: one message must not stop the others
            return self._bury(message, as_record_error(exc))
        return None

    def _bury(self, message: Message, error: RecordError) -> Result:
        """A dead letter; where there are too many of them the message waits instead."""
        try:
            self._dead.bury(message, error)
        except TooManyDeadLettersError as exc:
            return Again(str(exc))
        return None

    # -- writing

    async def _written(self, items: list[Item]) -> list[Verdict]:
        verdicts = await self._call(items)
        if verdicts is None:
            return await self._one_by_one(items)
        return verdicts

    async def _one_by_one(self, items: list[Item]) -> list[Verdict]:
        verdicts: list[Verdict] = []
        raising = 0
        for item in items:
            alone = None if raising >= RAISING_IN_A_ROW else await self._call([item])
            raising = raising + 1 if alone is None else 0
            verdicts += alone or [RetryAfter("raised")]
        return verdicts

    async def _call(self, items: list[Item]) -> list[Verdict] | None:
        """The verdicts, None where the sink breaks its contract."""
        try:
            verdicts = await self._sink.write(items)
            if len(verdicts) != len(items):
                raise ValueError(f"{len(verdicts)} verdicts for {len(items)} items")
        except Exception:
            logger.exception("the sink %s broke its contract", self._sink.name)
            self._watch.raised()
            return None
        return verdicts


async def _breathe(number: int) -> None:
    """Let others on the loop after each slice: a whole batch would hold up calls being relayed."""
    if number % SLICE_ITEMS == SLICE_ITEMS - 1:
        await asyncio.sleep(0)
