"""The loops that wait for sinks, on an app without a broker: messages are fed by hand."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from faust.types import TP

from app.engine.app import StreamApp
from app.engine.contracts import Again, BatchLimits, Message, Result
from tests.support.kafkaless import TOPIC, engine_app, message

LIMITS = BatchLimits(count=3, age_s=0.02)
QUICK = {"sink_backoff_first_s": 0.01, "sink_backoff_max_s": 0.05, "sink_grace_s": 0.1}


class Recording:
    """A backend: notes the offsets of every attempt; `again` names those to refuse for now."""

    def __init__(self) -> None:
        self.attempts: list[list[int]] = []
        self.again: dict[int, Again] = {}
        self.gate: asyncio.Event | None = None
        self.raises: BaseException | None = None
        self.under_way = 0

    async def write(self, messages: Sequence[Message]) -> Sequence[Result]:
        """One attempt at a batch."""
        offsets = [each.position.offset for each in messages]
        self.attempts.append(offsets)
        self.under_way += 1
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.raises is not None:
                raise self.raises
            return [self.again.get(offset) for offset in offsets]
        finally:
            self.under_way -= 1

    async def handle(self, one: Message) -> Result:
        """One attempt at a message."""
        (result,) = await self.write([one])
        return result


class States:
    """A `SinkState` that notes what it is told."""

    def __init__(self) -> None:
        self.attempts: list[tuple[int, int]] = []
        self.waiting: dict[int, float] = {}

    def attempted(self, messages: int, done: int) -> None:
        """Note an attempt."""
        self.attempts.append((messages, done))

    def waits(self, partition: int, wait_s: float | None) -> None:
        """Note a wait, or its end."""
        if wait_s is None:
            self.waiting.pop(partition, None)
        else:
            self.waiting[partition] = wait_s


class Fed:
    """An app whose one stream is fed by hand, and what its consumer made of it."""

    def __init__(self, app: StreamApp) -> None:
        self.app = app
        self.channel = app.source(TOPIC).clone(is_iterator=True)
        app.topics._topic_name_index[TOPIC] = {self.channel}
        self.stream: Any = app.stream(self.channel)
        self.running: list[asyncio.Task[None]] = []

    async def feed(self, *offsets: int, partition: int = 0, value: bytes = b"v") -> None:
        """Put messages into the stream's buffer."""
        for offset in offsets:
            raw = message(offset, partition=partition, value=value)
            raw.incref()
            await self.channel.put(await self.channel.decode(raw))

    def run(self, loop: Any) -> None:
        """Run a loop over the stream in the background."""
        self.running.append(asyncio.ensure_future(loop))

    def batches(self, sink: Recording, limits: BatchLimits = LIMITS, state: Any = None) -> None:
        """Run `process_batches`."""
        self.run(self.app.process_batches(self.stream, sink.write, limits, state=state))

    def acked(self, partition: int = 0) -> list[int]:
        """The offsets acked, in the order of their acks."""
        return list(self.app.reader._acked[TP(TOPIC, partition)])

    @property
    def taken(self) -> set[int]:
        """The offsets that the consumer would wait for."""
        return {each.offset for each in self.app.reader._unacked_messages}


@asynccontextmanager
async def fed_app(data_dir: Path, **changes: Any) -> AsyncIterator[Fed]:
    """An app with one stream, its loops cancelled at the end."""
    async with engine_app(data_dir, **{**QUICK, **changes}) as app:
        fed = Fed(app)
        try:
            yield fed
        finally:
            for task in fed.running:
                task.cancel()
            if fed.running:
                await asyncio.wait(fed.running)
            await fed.stream.stop()


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    """Give the loop away until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.002)


def per_partition(messages: Sequence[Message]) -> dict[int, list[int]]:
    """The offsets of messages by their partition."""
    found: dict[int, list[int]] = defaultdict(list)
    for each in messages:
        found[each.position.partition].append(each.position.offset)
    return dict(found)
