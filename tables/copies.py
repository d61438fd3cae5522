"""Reading copies while those who own the keys cannot answer: everybody who may have one is asked.

Of several copies of a key the freshest counts. A key of which nobody has a dated copy makes the
whole read fail, as it does for the owners: an answer is right for its age, or there is none.
"""

import asyncio
from collections.abc import Sequence

from app.cluster.peers import Peers
from app.cluster.placement import Placement
from app.engine.contracts import Copy, LiveTables
from app.errors import Unavailable


class CopiedTables:
    """Reads whatever copies there are."""

    def __init__(self, live: LiveTables, placement: Placement, peers: Peers, own_url: str) -> None:
        """`peers` may be given less time than those that ask owners."""
        self._live = live
        self._placement = placement
        self._peers = peers
        self._own_url = own_url

    async def get_many(self, table: str, keys: Sequence[bytes]) -> list[Copy]:
        """The freshest copies of the keys, in their order. Raises: Unavailable."""
        others = {*self._placement.owners(table).values()} - {self._own_url}
        answers = await asyncio.gather(*(self._of(url, table, keys) for url in others))
        own = await own_copies(self._live, table, keys)
        return [freshest(copies) for copies in zip(own, *answers, strict=True)]

    async def _of(self, url: str, table: str, keys: Sequence[bytes]) -> Sequence[Copy | None]:
        try:
            return await self._peers.copies(url, table, keys)
        except Unavailable:
            # One that does not answer is one that has no copy.
            return [None] * len(keys)


def freshest(copies: Sequence[Copy | None]) -> Copy:
    """The one that is least old. Raises: Unavailable, if there is none."""
    found = [copy for copy in copies if copy is not None]
    if not found:
        raise Unavailable("nobody has a copy that is known to have been the truth")
    return min(found, key=lambda copy: copy.age_s)


async def own_copies(live: LiveTables, table: str, keys: Sequence[bytes]) -> Sequence[Copy | None]:
    """What this process has of the keys; nothing of what a crash could take back."""
    copies = [_copy_of(live, table, key) for key in keys]
    try:
        await live.durable(table, keys)
    except Unavailable:
        return [None] * len(keys)
    return copies


def _copy_of(live: LiveTables, table: str, key: bytes) -> Copy | None:
    try:
        return live.copy_of(table, key)
    except Unavailable:
        return None
