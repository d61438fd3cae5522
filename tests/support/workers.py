"""Several workers in one process: tables in memory, real HTTP between them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from app.cluster.peers import Peers
from app.cluster.placement import MemoryPlacement
from app.engine.memory import MemoryTables
from app.errors import Unavailable
from app.views.json_errors import json_errors
from tables import aggregate_codec
from tables.aggregate import Aggregate
from tables.copies import CopiedTables
from tables.gathering import Gathering
from tables.internal_views import register_internal_views
from tables.routed import RoutedTables
from tables.top_users import TopUsers
from tables.user_reads import UserReads
from tests.support.web_server import served

TOKEN = "the-token-of-this-test"


@dataclass
class OwnPartitions(MemoryTables):
    """Tables that refuse a key of a partition that is another's, as the engine's do."""

    placement: MemoryPlacement = field(default_factory=MemoryPlacement)
    served: set[int] = field(default_factory=set)

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value under `key`. Raises: Unavailable."""
        if self.placement.partition_of(key) not in self.served:
            raise Unavailable("the partition is not served here")
        return super().get(table, key)


@dataclass
class Worker:
    """One worker: what it holds, and how it asks the others."""

    live: OwnPartitions
    top: TopUsers
    tables: RoutedTables
    reads: UserReads
    gathering: Gathering


@dataclass
class Workers:
    """All of them; partition `n` is held by worker `n`."""

    placement: MemoryPlacement
    all: list[Worker] = field(default_factory=list)

    def hold(self, key: bytes, aggregate: Aggregate) -> int:
        """Give an aggregate to its owner; the owner's number."""
        owner = self.placement.partition_of(key)
        worker = self.all[owner]
        worker.live.store("users", owner).put(key, aggregate_codec.encode(aggregate))
        worker.top.put(owner, key, aggregate)
        return owner


@asynccontextmanager
async def workers(count: int, timeout_s: float = 2) -> AsyncIterator[Workers]:
    """So many workers that know each other."""
    placement, peers = MemoryPlacement(), Peers(TOKEN, timeout_s)
    them = Workers(placement)
    async with AsyncExitStack() as stack:
        for number in range(count):
            live = OwnPartitions(placement=placement, served={number})
            top = TopUsers(100)
            web_app = web.Application(middlewares=[json_errors])
            register_internal_views(web_app, live, top, TOKEN)
            url = await stack.enter_async_context(served(web_app))
            placement.by_partition[number] = url
            tables = RoutedTables(live, placement, peers, url)
            copies = CopiedTables(live, placement, peers, url)
            them.all.append(
                Worker(
                    live,
                    top,
                    tables,
                    UserReads(tables, copies),
                    Gathering(live, top, placement, peers, url),
                )
            )
        stack.push_async_callback(peers.close)
        yield them
