"""The facts of the past, read from their topic by a consumer of no group."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from app.errors import QueryRefused, RecordError
from app.record.codec import decode_fact
from app.record.fact import Fact
from app.topic_messages import batches_until_now

SLICE_RECORDS = 500
TIMEOUT_S = 30.0
Keep = Callable[[Fact], bool]
"""Takes in one fact; true: no more are wanted."""


class FactLog(Protocol):
    """Facts by the time at which they were emitted."""

    async def read(
        self,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """Give every fact of a time to `keep`, some more than once; `only` names requests.

        Raises: Unavailable; QueryRefused (400) where it takes too long.
        """


class MemoryFacts:
    """The twin: a list of facts."""

    def __init__(self, facts: Sequence[Fact] = ()) -> None:
        self.facts = list(facts)

    async def read(
        self,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """As the protocol."""
        for fact in self.facts:
            at_s = fact.metered_at.timestamp()
            in_time = since_s <= at_s and (before_s is None or at_s < before_s)
            if in_time and (only is None or fact.record.request_id in only) and keep(fact):
                return


class FactTopic:
    """The topic `facts`."""

    def __init__(self, connection: Mapping[str, Any], topic: str) -> None:
        """Nothing is connected."""
        self._connection = dict(connection)
        self._topic = topic

    async def read(
        self,
        since_s: float,
        before_s: float | None,
        keep: Keep,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """As the protocol; what cannot be read is passed over."""
        keys = None if only is None else {each.encode() for each in only}
        batches = batches_until_now(
            self._topic, self._connection, since_s=since_s, before_s=before_s
        )
        try:
            async with asyncio.timeout(TIMEOUT_S), aclosing(batches):
                async for batch in batches:
                    wanted = [each for each in batch if keys is None or each.key in keys]
                    for start in range(0, len(wanted), SLICE_RECORDS):
                        part = wanted[start : start + SLICE_RECORDS]
                        if await asyncio.to_thread(_give, part, keep):
                            return
        except TimeoutError as exc:
            text = f"that took longer than {TIMEOUT_S:g} s: ask for a shorter or a later time"
            raise QueryRefused(400, "too_long", text, "from") from exc


def _give(messages: Sequence[Any], keep: Keep) -> bool:
    """Decode and keep, off the loop; whether enough is there."""
    for message in messages:
        try:
            fact = decode_fact(message.value)
        except RecordError:
            continue
        if keep(fact):
            return True
    return False
