"""The first users of all workers: each is asked for its own first ones, all in parallel."""

import asyncio
from typing import NamedTuple

from app.cluster.peers import Peers
from app.cluster.placement import Placement
from app.engine.contracts import LiveTables
from app.errors import Unavailable
from tables.definitions import USERS
from tables.internal_views import TOP_PATH
from tables.standings import from_wire, merged
from tables.top_users import Order, Standing, TopUsers


class Gathered(NamedTuple):
    """The first users, and the workers whose users are not among them."""

    standings: list[Standing]
    missing_workers: list[str]


class Gathering:
    """Ranks the users of all workers."""

    def __init__(
        self, live: LiveTables, top: TopUsers, placement: Placement, peers: Peers, own_url: str
    ) -> None:
        """`top` ranks our own partitions; `own_url` is how the placement names this worker."""
        self._live = live
        self._top = top
        self._placement = placement
        self._peers = peers
        self._own_url = own_url

    async def first(self, order: Order, limit: int, tenant: str) -> Gathered:
        """The first users of all workers that answer. Raises: Unavailable, if none does."""
        urls = sorted({*self._placement.owners(USERS.name).values(), self._own_url})
        answers = await asyncio.gather(*(self._of(url, order, limit, tenant) for url in urls))
        rankings = [answer for answer in answers if not isinstance(answer, Unavailable)]
        if not rankings:
            raise next(answer for answer in answers if isinstance(answer, Unavailable))
        missing = [
            url
            for url, answer in zip(urls, answers, strict=True)
            if isinstance(answer, Unavailable)
        ]
        return Gathered(merged(rankings, order, limit), missing)

    async def _of(
        self, url: str, order: Order, limit: int, tenant: str
    ) -> list[Standing] | Unavailable:
        try:
            if url == self._own_url:
                self._live.check_ready()
                self._top.check_ready()
                share = self._top.share(order, limit, tenant)
                await self._live.durable(USERS.name)
                return share
            params = [("tenant", tenant), ("sort", order), ("limit", str(limit))]
            return from_wire((await self._peers.json(url, TOP_PATH, params)).get("items"))
        except Unavailable as unavailable:
            return unavailable
