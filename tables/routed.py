"""The tables of all workers as one: each key is read where its partition is held.

The owner is computed from the key's partition; what is ours is read here, the rest is asked for,
all owners in parallel. Every worker checks that it serves the partition, so an answer is right or
there is none: one key that cannot be read makes the whole read fail. What is answered is in the
changelog, so no crash of an owner makes a later answer say less.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from app.cluster.peers import Peers
from app.cluster.placement import Placement
from app.engine.contracts import LiveTables


class RoutedTables:
    """Reads tables wherever they are."""

    def __init__(self, live: LiveTables, placement: Placement, peers: Peers, own_url: str) -> None:
        """`own_url` is how the placement names this worker."""
        self._live = live
        self._placement = placement
        self._peers = peers
        self._own_url = own_url

    async def get_many(self, table: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values under the keys, in their order. Raises: Unavailable."""
        owners = self._placement.owners(table)
        by_owner: defaultdict[str, list[bytes]] = defaultdict(list)
        for key in keys:
            partition = self._placement.partition_of(key)
            by_owner[owners.get(partition, self._own_url)].append(key)
        found: dict[bytes, bytes | None] = {}
        asked = [(url, held) for url, held in by_owner.items() if url != self._own_url]
        own = by_owner.get(self._own_url, [])
        found.update((key, self._live.get(table, key)) for key in own)
        answers = await asyncio.gather(
            *(self._peers.values(url, table, held) for url, held in asked), return_exceptions=True
        )
        for (_, held), answer in zip(asked, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            found.update(zip(held, answer, strict=True))
        await self._live.durable(table, own)
        return [found[key] for key in keys]
