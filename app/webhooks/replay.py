"""Deliveries made again on request, from the facts of the past week.

A replay is all or nothing: what is asked for is read first, and sent only if it is not too much. It
goes to endpoints that are younger than the exchange too, and to those that had it already: each
replay has an id of its own, so that it is delivered once itself, under the webhook id of old.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from app.clock import Clock, utc
from app.errors import QueryRefused
from app.ids import minted_at_ms
from app.plain_producer import Outgoing, PlainProducer
from app.record.fact import Fact
from app.record.topics import Topics
from app.webhooks.endpoint import Endpoint
from app.webhooks.facts import FactLog
from app.webhooks.matching import addressed, delivery_of, matches

MAX_DELIVERIES = 5000
SLICE = 100
MARGIN_S = 60.0


class Replayed(NamedTuple):
    """What was queued."""

    replay_id: str
    queued: int
    unknown_ids: Sequence[str]


class Replays:
    """Carries out replays, one at a time."""

    def __init__(
        self,
        facts: FactLog,
        producer: PlainProducer,
        topics: Topics,
        clock: Clock,
        mint: Callable[[], str],
    ) -> None:
        """`mint` makes ids of replays."""
        self._facts = facts
        self._producer = producer
        self._topic = topics.deliveries
        self._clock = clock
        self._mint = mint
        self._one_at_a_time = asyncio.Lock()

    async def by_id(self, endpoint: Endpoint, request_ids: Collection[str]) -> Replayed:
        """These exchanges, whatever the endpoint's filters. Raises: QueryRefused, Unavailable."""
        wanted = set(request_ids)
        oldest_s = min(minted_at_ms(each) for each in wanted) / 1000
        found: dict[str, Fact] = {}

        def keep(fact: Fact) -> bool:
            if fact.record.tenant == endpoint.tenant:
                found[fact.record.request_id] = fact
            return len(found) == len(wanted)

        async with self._one_at_a_time:
            await self._facts.read(oldest_s - MARGIN_S, None, keep, only=wanted)
            replay_id = await self._queue(endpoint, list(found.values()))
        return Replayed(replay_id, len(found), sorted(wanted - found.keys()))

    async def by_time(
        self, endpoint: Endpoint, since: datetime, before: datetime, *, filtered: bool
    ) -> Replayed:
        """The exchanges counted in a time. Raises: QueryRefused if there are too many, Unavailable.

        `filtered`: only those that pass the endpoint's filters and sampling.
        """
        found: dict[str, Fact] = {}

        def keep(fact: Fact) -> bool:
            is_ours = fact.record.tenant == endpoint.tenant and since <= fact.metered_at < before
            if is_ours and (not filtered or matches(endpoint, fact)):
                found[fact.record.request_id] = fact
            return len(found) > MAX_DELIVERIES

        async with self._one_at_a_time:
            await self._facts.read(
                since.timestamp() - MARGIN_S, before.timestamp() + MARGIN_S, keep
            )
            if len(found) > MAX_DELIVERIES:
                text = f"more than {MAX_DELIVERIES} exchanges: ask for a shorter time"
                raise QueryRefused(400, "too_many", text, "to")
            replay_id = await self._queue(endpoint, list(found.values()))
        return Replayed(replay_id, len(found), ())

    async def _queue(self, endpoint: Endpoint, facts: Sequence[Fact]) -> str:
        replay_id = self._mint()
        now = utc(self._clock.now_s())
        for start in range(0, len(facts), SLICE):
            made = [
                addressed(delivery_of(endpoint, fact, now, replay_id))
                for fact in facts[start : start + SLICE]
            ]
            await self._producer.write([Outgoing(self._topic, *each) for each in made])
        return replay_id
