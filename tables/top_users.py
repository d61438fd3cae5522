"""The users with the highest totals, in memory: by cost, requests, tokens or errors.

Totals only ever grow and every change is reported here, so keeping the best `kept` per order is
exact: whoever is not among them has a total no higher than the floor, and comes back with the very
change that lifts it above. Each partition has its own ranking per tenant, to be dropped when the
partition leaves. Anonymous sub-keys stand apart, are never evicted, and rank as one user.

Memory: at most 2 · `kept` entries per partition, tenant and order; the rows are shared.
"""

from collections import defaultdict
from collections.abc import Iterator
from heapq import nlargest
from typing import Literal, NamedTuple, get_args

from app.errors import Unavailable
from app.record.model import ANONYMOUS_USER
from tables.aggregate import Aggregate
from tables.definitions import split_user_key
from tables.tally import COST, ERRORS, REQUESTS, Row, plus, tokens

Order = Literal["cost", "requests", "tokens", "errors"]
ORDERS: tuple[Order, ...] = get_args(Order)
_COLUMN = {"cost": COST, "requests": REQUESTS, "errors": ERRORS}


class Standing(NamedTuple):
    """One user's totals as they were last reported."""

    user: str
    totals: Row
    first_seen_ms: int
    last_seen_ms: int

    def value(self, order: Order) -> int:
        """The number this user is ranked by."""
        if order == "tokens":
            return tokens(self.totals)
        return self.totals[_COLUMN[order]]

    def is_behind(self, known: "Standing") -> bool:
        """Whether this is older than what is known: a rebuild reads behind the meter."""
        return self.totals[REQUESTS] < known.totals[REQUESTS]


class _Ranking:
    """The best of one order, by key: between `kept` and twice as many."""

    def __init__(self, order: Order, kept: int) -> None:
        self._order = order
        self._kept = kept
        self._floor = -1
        self.best: dict[bytes, tuple[int, Standing]] = {}

    def put(self, key: bytes, standing: Standing) -> None:
        value, known = standing.value(self._order), self.best.get(key)
        if value <= self._floor if known is None else standing.is_behind(known[1]):
            return
        self.best[key] = (value, standing)
        if len(self.best) > 2 * self._kept:
            self._trim()

    def _trim(self) -> None:
        ranked = nlargest(self._kept, self.best.items(), key=lambda item: item[1][0])
        self._floor = ranked[-1][1][0]
        self.best = dict(ranked)


class _Partition:
    """One tenant's users in one partition."""

    def __init__(self, kept: int) -> None:
        self.rankings = {order: _Ranking(order, kept) for order in ORDERS}
        self.anonymous: dict[bytes, Standing] = {}

    def put(self, key: bytes, standing: Standing) -> None:
        if standing.user != ANONYMOUS_USER:
            for ranking in self.rankings.values():
                ranking.put(key, standing)
        elif (known := self.anonymous.get(key)) is None or not standing.is_behind(known):
            self.anonymous[key] = standing


class TopUsers:
    """The index over all partitions this process serves. Not for several threads."""

    def __init__(self, kept: int) -> None:
        """Rank exactly the first `kept` users of each tenant and order."""
        self.kept = kept
        self._tenants: defaultdict[str, dict[int, _Partition]] = defaultdict(dict)
        self._rebuilding: set[int] = set()

    def check_ready(self) -> None:
        """Return if the index is whole. Raises: Unavailable while a partition is rebuilt."""
        if self._rebuilding:
            raise Unavailable("the ranking of users is being rebuilt")

    def begin(self, partition: int) -> None:
        """Forget a partition whose users are about to be reported one by one."""
        self.drop(partition)
        self._rebuilding.add(partition)

    def finish(self, partition: int) -> None:
        """All users of the partition were reported."""
        self._rebuilding.discard(partition)

    def put(self, partition: int, key: bytes, aggregate: Aggregate) -> None:
        """Report a user's aggregate, at every change and once per user at a rebuild."""
        tenant, user = split_user_key(key)
        partitions = self._tenants[tenant]
        if (held := partitions.get(partition)) is None:
            held = partitions[partition] = _Partition(self.kept)
        totals = aggregate.totals
        held.put(key, Standing(user, totals, aggregate.first_seen_ms, aggregate.last_seen_ms))

    def drop(self, partition: int) -> None:
        """Forget a partition that is no longer served."""
        self._rebuilding.discard(partition)
        for tenant in list(self._tenants):
            self._tenants[tenant].pop(partition, None)
            if not self._tenants[tenant]:
                del self._tenants[tenant]

    def top(self, order: Order, limit: int, tenant: str) -> list[Standing]:
        """The first `limit` users (`kept` at most) of a tenant, highest first, ties by name."""
        held = list(self._tenants.get(tenant, {}).values())
        candidates = [entry for each in held for entry in each.rankings[order].best.values()]
        if (anonymous := _anonymous(held)) is not None:
            candidates.append((anonymous.value(order), anonymous))
        limit = min(limit, self.kept)
        if len(candidates) > limit > 0:
            # By number alone first, which is much cheaper than by number and name.
            floor = nlargest(limit, [value for value, _ in candidates])[-1]
            candidates = [entry for entry in candidates if entry[0] >= floor]
        best = sorted(candidates, key=lambda entry: (-entry[0], entry[1].user))[:limit]
        return [standing for _, standing in best]

    def share(self, order: Order, limit: int, tenant: str) -> list[Standing]:
        """What a list over several workers needs of ours: the first, and always the anonymous one.

        Its parts are everywhere, each may rank low, and their sum high.
        """
        first = self.top(order, limit, tenant)
        anonymous = _anonymous(list(self._tenants.get(tenant, {}).values()))
        if anonymous is not None and all(each.user != ANONYMOUS_USER for each in first):
            first.append(anonymous)
        return first


def _anonymous(partitions: list[_Partition]) -> Standing | None:
    """All anonymous sub-keys as one user; None if there are none."""
    parts = _standings(partitions)
    merged = next(parts, None)
    if merged is None:
        return None
    for part in parts:
        merged = Standing(
            ANONYMOUS_USER,
            plus(merged.totals, part.totals),
            min(merged.first_seen_ms, part.first_seen_ms),
            max(merged.last_seen_ms, part.last_seen_ms),
        )
    return merged


def _standings(partitions: list[_Partition]) -> Iterator[Standing]:
    return (standing for each in partitions for standing in each.anonymous.values())
