"""The archive as a sink: a batch of messages becomes a few objects, and is done once they are put.

The same messages again, cut in whatever way, add objects or write the same ones again; none that a
location points to is ever changed. What the store cannot take now is `RetryAfter` with a time, for
whatever reason it cannot: no body is given up for a bucket that is gone or a key that has expired.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import random

from app.engine.backoff import Backoff
from app.engine.contracts import Message, Position
from app.errors import SinkRefused, StoreUnavailable
from app.metrics import Metrics
from app.record.body_codec import MAX_DECODED_BYTES
from app.sinks.archive.batch import Segment, segments_of
from app.sinks.archive.segment import Member
from app.sinks.archive.store import ObjectStore
from app.sinks.contract import Done, Fatal, RetryAfter, Verdict

NAME = "archive"
BUILDS_AT_ONCE = 2
PUTS_AT_ONCE = 8
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0

Trouble = StoreUnavailable | SinkRefused | None


@dataclass(frozen=True, slots=True)
class Archived(Done):
    """The bodies are durable, and where."""

    tenant: str
    key: str
    member: Member


class ArchiveSink:
    """Takes messages of the topic `bodies`; of one process, for all partitions."""

    def __init__(
        self,
        store: ObjectStore,
        metrics: Metrics,
        *,
        max_decoded_bytes: int = MAX_DECODED_BYTES,
        jitter: Callable[[], float] = random,
    ) -> None:
        """The store belongs to the caller, who closes it after the sink's last use."""
        self._store = store
        self._max_decoded_bytes = max_decoded_bytes
        self._building = asyncio.Semaphore(BUILDS_AT_ONCE)
        self._putting = asyncio.Semaphore(PUTS_AT_ONCE)
        self._jitter = jitter
        self._backoffs: dict[tuple[str, int], Backoff] = {}
        self._objects = metrics.archive_objects_total
        self._bytes = metrics.archive_bytes_total
        self._bodies = metrics.archive_exchanges_total

    @property
    def name(self) -> str:
        """`archive`."""
        return NAME

    @property
    def state(self) -> str:
        """The store's; `starting` before it was asked for the first time."""
        state = self._store.state
        return "starting" if state == "new" else state

    async def start(self) -> None:
        """Ask the store; whatever it answers is told by `state`."""
        try:
            await self._store.check()
        except (StoreUnavailable, SinkRefused):
            return  # the store has logged it, and knows its state

    async def write(self, batch: Sequence[Message]) -> list[Verdict]:
        """Put the objects of a batch; `Archived` for each message that lies in one."""
        if not batch:
            return []
        async with self._building:
            made = await asyncio.to_thread(segments_of, batch, self._max_decoded_bytes)
        verdicts: dict[int, Verdict] = {
            index: Fatal(error.reason, error.detail) for index, error in made.unreadable.items()
        }
        troubles = await asyncio.gather(*(self._put(segment) for segment in made.segments))
        wait_s = self._wait_s(batch[0].position, troubles)
        for segment, trouble in zip(made.segments, troubles, strict=True):
            verdicts |= _told(segment, trouble, wait_s)
        return [verdicts[index] for index in range(len(batch))]

    async def close(self) -> None:
        """Nothing of its own to let go of."""

    async def _put(self, segment: Segment) -> Trouble:
        """What kept an object from being put, None if it is durable."""
        try:
            async with self._putting:
                await self._store.put(segment.key, segment.data)
        except (StoreUnavailable, SinkRefused) as trouble:
            return trouble
        self._objects.inc()
        self._bytes.inc(len(segment.data))
        self._bodies.inc(len(segment.members))
        return None

    def _wait_s(self, position: Position, troubles: Sequence[Trouble]) -> float:
        """How long the next attempt of a partition waits: the store's own word, or ours."""
        lane = position.topic, position.partition
        if not any(troubles):
            self._backoffs.pop(lane, None)
            return 0.0
        backoff = self._backoffs.get(lane)
        if backoff is None:
            backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MAX_S, self._jitter)
            self._backoffs[lane] = backoff
        asked = [each.retry_after_s for each in troubles if isinstance(each, StoreUnavailable)]
        return max((each for each in asked if each is not None), default=backoff.next_s())


def _told(segment: Segment, trouble: Trouble, wait_s: float) -> dict[int, Verdict]:
    """The verdicts on the members of one object, by their index in the batch.

    A refusal is no fault of any member, as an object is the same kind of bytes whatever is in it:
    it waits as well.
    """
    if trouble is not None:
        state = trouble.state if isinstance(trouble, StoreUnavailable) else "refused"
        return dict.fromkeys(segment.indices, RetryAfter(state, wait_s))
    places = zip(segment.indices, segment.members, strict=True)
    return {index: Archived(segment.tenant, segment.key, member) for index, member in places}
