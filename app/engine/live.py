"""Reading the tables of this process from outside of a handler, between two rebalances."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Literal, cast

from app.engine.contracts import Copy
from app.engine.lease import Lease
from app.engine.options import EngineOptions
from app.engine.outbox import DeliveryError
from app.engine.rocks import RocksStore
from app.engine.tables import Table
from app.errors import Unavailable
from app.partitioning import partition_of

SCAN_SLICE_S = 0.001
DURABLE_S = 1.0
Phase = Literal["starting", "recovering", "running", "rebalancing", "failed", "stopped"]


class LiveReads:
    """The reading part of a stream app; a partition is read only while it is served."""

    options: EngineOptions
    phase: Phase
    tables: Any
    assignor: Any
    should_stop: Any
    failure: BaseException | None
    outbox: Any
    lease: Lease

    _served: frozenset[int] | None
    _leaving: frozenset[int]
    _left_at_s: float

    @property
    def served(self) -> frozenset[int]:
        """The partitions whose tables can be read now."""
        return self._served or frozenset()

    def partition_of(self, key: bytes) -> int:
        """The partition that Kafka's default partitioner gives a key."""
        return partition_of(key, self.options.partitions)

    def check_ready(self) -> None:
        """Return if the tables can be read. Raises: Unavailable."""
        if self._served is None or self.should_stop:
            raise Unavailable(f"the tables are not ready: {self.phase}")
        if not self.lease.is_good:
            raise Unavailable("the group has not been heard of: the tables may be another's")

    def owners(self, table: str) -> Mapping[int, str]:
        """The worker of each partition by its canonical URL, as of the last assignment."""
        topic = cast(Table, self.tables[table]).changelog_topic.get_topic_name()
        owners: Mapping[Any, str] = self.assignor._tps_url
        return {tp.partition: url.rstrip("/") for tp, url in owners.items() if tp.topic == topic}

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value under `key`. Raises: Unavailable, also where another worker owns the key."""
        self.check_ready()
        partition = self.partition_of(key)
        self._check_served(partition)
        value: bytes | None = self._data(table).database(partition).get(key)
        return value

    async def durable(self, table: str, keys: Sequence[bytes] | None = None) -> None:
        """Return once a crash cannot take back what the keys (None: all) show now.

        Raises: Unavailable.
        """
        rocks = self._data(table)
        partitions = [None] if keys is None else [self.partition_of(key) for key in keys]
        if all(rocks.is_durable(each) for each in partitions):
            return
        try:
            async with asyncio.timeout(DURABLE_S):
                await self.outbox.barrier()
        except (DeliveryError, TimeoutError) as exc:
            raise Unavailable("the broker has not taken the last changes yet") from exc

    def copy_of(self, table: str, key: bytes) -> Copy:
        """The value under `key` as this process knows it, and how old that may be.

        Raises: Unavailable where no copy is held, or none that is known to have been the truth.
        """
        partition = self.partition_of(key)
        if self.failure is not None:
            raise Unavailable(f"the tables are not ready: {self.phase}")
        if partition in self.served:
            age_s = 0.0 if self.lease.is_good else self.lease.age_s
            return Copy(self._data(table).database(partition).get(key), age_s)
        if partition in self._leaving:
            # Still nobody else's: what is in progress is finished, and values only grow newer.
            value = self._data(table).database(partition).get(key)
            return Copy(value, monotonic() - self._left_at_s)
        found = self._data(table).copy_of(partition, key)
        if found is None:
            raise Unavailable(f"no copy of partition {partition} is held here")
        return Copy(found[0], monotonic() - found[1])

    def _leave(self) -> None:
        """Nothing is served from here on. From any thread."""
        if self._served is not None:
            self._left_at_s, self._leaving, self._served = monotonic(), self._served, None

    def _left(self) -> None:
        """What was in progress is done: what was served is a copy of the moment we left."""
        left, self._leaving = self._leaving, frozenset()
        for table in self.tables.values() if left else ():
            for partition in left:
                cast(Table, table).rocks.leave(partition, self._left_at_s)

    def scan(self, table: str, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values of one partition, as they come. Raises: Unavailable."""
        self.check_ready()
        self._check_served(partition)
        for item in self._data(table).items_of(partition):
            yield item
            self._check_served(partition)

    async def scan_slowly(self, table: str, partition: int) -> AsyncIterator[tuple[bytes, bytes]]:
        """As `scan`, giving the loop back after every millisecond."""
        since_s = monotonic()
        for item in self.scan(table, partition):
            yield item
            if monotonic() - since_s > SCAN_SLICE_S:
                await asyncio.sleep(0)
                since_s = monotonic()

    def _data(self, table: str) -> RocksStore:
        return cast(Table, self.tables[table]).rocks

    def _check_served(self, partition: int) -> None:
        if partition not in self.served:
            raise Unavailable(f"partition {partition} is not served here")
