"""One user's aggregate: from those who own its keys, or, where that is welcome, from copies."""

import asyncio
from typing import NamedTuple

from app.errors import RecordError, Unavailable
from app.record.keys import keys_of_user
from tables import aggregate_codec
from tables.aggregate import Aggregate, merge
from tables.copies import CopiedTables
from tables.definitions import USERS
from tables.routed import RoutedTables

PATIENCE_S = 0.7
"""How long the owners may take before copies are read instead."""


class Found(NamedTuple):
    """An aggregate, and how old it may be; `age_s` None: it is the owners' own."""

    aggregate: Aggregate
    age_s: float | None


class UserReads:
    """Reads users, sub-keys merged."""

    def __init__(self, tables: RoutedTables, copies: CopiedTables) -> None:
        self._tables = tables
        self._copies = copies

    async def exact(self, tenant: str, user: str) -> Found | None:
        """As it is now; None: nothing of this user was counted. Raises: Unavailable."""
        values = await self._tables.get_many(USERS.name, keys_of_user(tenant, user))
        aggregate = _merged(values)
        return None if aggregate is None else Found(aggregate, None)

    async def any_age(self, tenant: str, user: str) -> Found | None:
        """As `exact`; where that cannot be had, as it was not long ago. Raises: Unavailable.

        A copy without the user proves nothing about now, so it is no answer.
        """
        try:
            return await asyncio.wait_for(self.exact(tenant, user), PATIENCE_S)
        except (Unavailable, TimeoutError):
            copies = await self._copies.get_many(USERS.name, keys_of_user(tenant, user))
        aggregate = _merged([copy.value for copy in copies])
        if aggregate is None:
            raise Unavailable("the copies know nothing of this user yet")
        age_s = max(copy.age_s for copy in copies)
        return Found(aggregate, age_s or None)


def _merged(values: list[bytes | None]) -> Aggregate | None:
    try:
        found = [aggregate_codec.decode(value) for value in values if value is not None]
    except RecordError as exc:
        # Another worker's garbage, or a newer version's value: no answer is better than a part.
        raise Unavailable(f"a value of this user cannot be read: {exc}") from exc
    return merge(found) if found else None
