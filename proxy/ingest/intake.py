"""A request's exchanges made durable, and the answer: what was accepted, and why the rest was not.

Bodies are made durable before records, so that no record promises bodies that are not there. If
anything cannot be made durable now the whole request is refused, to be sent again: what of it
arrived is found to be a duplicate then, by the ids.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from app.errors import RecordError, Unavailable
from app.metrics import Metrics
from app.record.bodies import BodyEnvelope
from app.record.model import DEFAULT_TENANT, BodyState
from app.record.topics import Topics
from proxy.ingest.reading import LineReader, Taken, lost
from proxy.publisher.encoding import body_message
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result

logger = logging.getLogger(__name__)
IN_THREAD_FROM_BYTES = 64 << 10
# The loop is given back after so much work: a few hundred microseconds.
SLICE_BYTES = 32 << 10
BATCH_MESSAGES = 200
BATCH_BYTES = 4 << 20
RETRY_AFTER_S = 5.0


class Sender(NamedTuple):
    """Who sends: one of us, who may say anything, or somebody on behalf of a tenant."""

    trusted: bool
    tenant: str


class Keeper(Protocol):
    """Makes messages durable: at the broker, else in the spill, never at a fallback backend."""

    async def keep(self, batch: Sequence[Outgoing]) -> list[Result]:
        """As `Outlet.deliver`, for several tasks at a time."""


@dataclass(slots=True)
class Answer:
    """What became of the lines of a request."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, index: int, error: RecordError) -> None:
        """Note why a line is not taken; `index` counts the lines that are not empty, from 0."""
        entry = {"index": index, "reason": error.reason, "detail": error.detail}
        self.rejected.append(entry)


class Intake:
    """Takes in requests; any number at a time."""

    def __init__(
        self, keeper: Keeper, reader: LineReader, topics: Topics, metrics: Metrics
    ) -> None:
        """Nothing is kept here."""
        self._keeper = keeper
        self._reader = reader
        self._topics = topics
        self._total = metrics.ingested_total

    async def accept(
        self, lines: Iterable[bytes], *, trusted: bool, tenant: str = DEFAULT_TENANT
    ) -> Answer:
        """Make all that can be read durable; duplicates are those within these lines.

        Raises: Unavailable, if anything could not be made durable now.
        """
        answer = Answer()
        taken = await self._read(lines, answer, Sender(trusted, tenant))
        await self._keep_bodies(taken, answer)
        await self._keep(taken, {i: t.record for i, t in taken.items() if t.record}, answer)
        answer.accepted = len(taken)
        answer.rejected.sort(key=lambda entry: int(entry["index"]))
        for result, lines_total in (
            ("accepted", answer.accepted),
            ("duplicate", answer.duplicates),
            ("rejected", len(answer.rejected)),
        ):
            self._total.labels(result).inc(lines_total)
        return answer

    async def _read(
        self, lines: Iterable[bytes], answer: Answer, sender: Sender
    ) -> dict[int, Taken]:
        """What can be read, by the number of its line."""
        taken: dict[int, Taken] = {}
        seen: set[tuple[str, str, str]] = set()
        work_bytes = 0
        for index, raw in enumerate(lines):
            try:
                one = await self._one(raw, sender)
            except RecordError as error:
                answer.reject(index, error)
            else:
                if one.identity in seen:
                    answer.duplicates += 1
                else:
                    seen.add(one.identity)
                    taken[index] = one
            work_bytes += len(raw)
            if work_bytes >= SLICE_BYTES:
                work_bytes = 0
                await asyncio.sleep(0)
        return taken

    async def _one(self, raw: bytes, sender: Sender) -> Taken:
        """One line, its bodies encoded. Raises: RecordError."""
        if len(raw) < IN_THREAD_FROM_BYTES:
            one = self._reader.read(raw, **sender._asdict())
        else:
            one = await asyncio.to_thread(self._reader.read, raw, **sender._asdict())
        if one.bodies is None:
            return one
        try:
            body = await self._encoded(one.bodies, len(raw))
        except RecordError as error:
            state: BodyState = "too_large" if error.reason == "too_large" else "dropped"
            return lost(one, state)
        return replace(one, body=body, bodies=None)

    async def _encoded(self, bodies: BodyEnvelope, size_bytes: int) -> Outgoing:
        if size_bytes < IN_THREAD_FROM_BYTES:
            return body_message(bodies, self._topics)
        return await asyncio.to_thread(body_message, bodies, self._topics)

    async def _keep_bodies(self, taken: dict[int, Taken], answer: Answer) -> None:
        """Bodies that are refused are lost to their records; alone, they are rejected."""
        bodies = {index: one.body for index, one in taken.items() if one.body is not None}
        for index in await self._refused(bodies):
            if taken[index].record is None:
                self._reject(taken, index, answer)
            else:
                taken[index] = lost(taken[index], "dropped")

    async def _keep(
        self, taken: dict[int, Taken], messages: dict[int, Outgoing], answer: Answer
    ) -> None:
        for index in await self._refused(messages):
            self._reject(taken, index, answer)

    async def _refused(self, messages: dict[int, Outgoing]) -> list[int]:
        """Make messages durable; the numbers of those that nobody will ever take."""
        refused: list[int] = []
        for places in _batches(messages):
            results = await self._keeper.keep([messages[place] for place in places])
            counts = Counter(results)
            if counts["retry"]:
                self._total.labels("not_durable").inc(len(messages))
                raise Unavailable("nothing here can make records durable now", RETRY_AFTER_S)
            refused += [p for p, result in zip(places, results, strict=True) if result == "refused"]
        return refused

    def _reject(self, taken: dict[int, Taken], index: int, answer: Answer) -> None:
        logger.error("what came in by /api/v1/log is refused: %s", taken.pop(index).identity)
        answer.reject(index, RecordError("refused", "the broker will not take it"))


def _batches(messages: dict[int, Outgoing]) -> Iterable[list[int]]:
    """Numbers of messages, in batches that an outlet can take within its time."""
    batch: list[int] = []
    size_bytes = 0
    for place, message in messages.items():
        full = len(batch) == BATCH_MESSAGES or size_bytes + len(message.value) > BATCH_BYTES
        if batch and full:
            yield batch
            batch, size_bytes = [], 0
        batch.append(place)
        size_bytes += len(message.value)
    if batch:
        yield batch
