"""One RocksDB per table and partition: bounded in memory, closed for good, expiring from birth.

Faust leaves closing to the garbage collector and gives each database a 2 GiB cache; two
incarnations in one process need the lock back at once, and 400 MB for everything.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from faust.stores import rocksdb
from faust.types import TP
from rocksdict import (
    AccessType,
    BlockBasedIndexType,
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteBufferManager,
)

from app.engine.copies import Copies
from app.errors import Unavailable

logger = logging.getLogger(__name__)
BLOCK_CACHE_BYTES = 32 << 20
WRITE_BUFFER_BYTES = 8 << 20
WRITE_BUFFERS = 2
# What the buffers of all databases hold together: each alone would grow to its own limit.
ALL_WRITE_BUFFERS_BYTES = 48 << 20
# Of a buffer: the smallest part that is allocated, by every database that was ever written to.
ARENA_BLOCK_BYTES = 64 << 10
BLOOM_BITS = 10
MAX_OPEN_FILES = 256
PIECE = 128
MAX_EPOCHS = 4
OFFSET_PREFIX = b"__faust\0offset__"


@cache
def block_cache() -> Cache:
    """The one block cache of this process."""
    return Cache(BLOCK_CACHE_BYTES)


@cache
def write_buffers() -> WriteBufferManager:
    """What bounds the write buffers of this process: beyond it, whoever writes writes to disk."""
    return WriteBufferManager(ALL_WRITE_BUFFERS_BYTES, False)


def rocks_options() -> Options:
    """Fresh options for one database."""
    table = BlockBasedOptions()
    table.set_bloom_filter(BLOOM_BITS, False)
    table.set_block_cache(block_cache())
    table.set_cache_index_and_filter_blocks(True)
    table.set_index_type(BlockBasedIndexType.binary_search())
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_max_open_files(MAX_OPEN_FILES)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(WRITE_BUFFERS)
    options.set_write_buffer_manager(write_buffers())
    options.set_arena_block_size(ARENA_BLOCK_BYTES)
    options.set_target_file_size_base(WRITE_BUFFER_BYTES)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1 << 20)
    options.set_stats_dump_period_sec(0)
    return options


def open_database(path: Path, ttl_s: int | None) -> Rdict:
    """Open or create; a TTL must be the choice of the first opening already."""
    access = AccessType.read_write() if ttl_s is None else AccessType.with_ttl(ttl_s)
    database = Rdict(str(path), options=rocks_options(), access_type=access)
    database.set_read_options(ReadOptions())
    return database


def write_batch(values: Mapping[bytes, bytes]) -> WriteBatch:
    """All of them at once, for one database."""
    writes = WriteBatch(raw_mode=True)
    for key, value in values.items():
        writes.put(key, value)
    return writes


class RocksStore(rocksdb.Store):
    """Faust's RocksDB store over bounded databases that are closed when they are left.

    `epoch` is part of the key of the persisted changelog offset: topics made anew start at 0.
    """

    def __init__(self, *args: Any, ttl_s: int | None, epoch: str, **kwargs: Any) -> None:
        """Nothing is open; nothing was sent."""
        super().__init__(*args, **kwargs)
        self.ttl_s = ttl_s
        self.offset_key = OFFSET_PREFIX + epoch.encode()
        self._sent: dict[int, int] = {}
        self._queued: dict[int, int] = {}
        self._has: dict[int, int] = {}
        self._foreign: set[int] = set()
        self.copies = Copies()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether no database is open."""
        return not self._dbs

    # -- databases

    def database(self, partition: int) -> Rdict:
        """The open database of a partition. Raises: Unavailable when it is not held."""
        try:
            return cast(Rdict, self._dbs[partition])
        except KeyError:
            raise Unavailable(f"partition {partition} is not held here") from None

    def partition_path(self, partition: int) -> Path:
        """Databases with and without a TTL never share a path: toggling would corrupt them."""
        suffix = "" if self.ttl_s is None else "-ttl"
        return Path(self.path) / f"{self.table_name}{suffix}-{partition}.db"

    def _open_for_partition(self, partition: int) -> Rdict:
        if self._closed:
            raise Unavailable("the tables are closed")
        database = open_database(self.partition_path(partition), self.ttl_s)
        self._begin(partition, database)
        return database

    def _begin(self, partition: int, database: Rdict) -> None:
        """Note how far a database that was just opened is; another epoch's has no date."""
        offset = database.get(self.offset_key)
        self._has[partition] = -1 if offset is None else int(offset)
        for key, _ in islice(database.items(from_key=OFFSET_PREFIX), MAX_EPOCHS):
            if cast(bytes, key).startswith(OFFSET_PREFIX) and key != self.offset_key:
                self._foreign.add(partition)

    async def assign_partitions(self, table: Any, tps: set[TP], generation_id: int = 0) -> None:
        """Open what is newly ours, standbys too, off the loop."""
        wanted = {tp.partition for tp in tps if tp.topic in table.changelog_topic.topics}
        for partition in sorted(wanted - set(self._dbs)):
            opened = await asyncio.to_thread(self._open_for_partition, partition)
            if self._closed:
                opened.close()
                return
            self._dbs[partition] = opened

    def revoke_partitions(self, table: Any, tps: set[TP]) -> None:
        """Close what is not ours any more."""
        for tp in tps:
            if tp.topic in table.changelog_topic.topics:
                self._close(tp.partition)

    async def stop(self) -> None:
        """Close everything; nothing opens again."""
        self._closed = True
        self.persist_sent()
        for partition in list(self._dbs):
            self._close(partition)

    def _close(self, partition: int) -> None:
        for noted in (self._sent, self._queued, self._has):
            noted.pop(partition, None)
        self._foreign.discard(partition)
        self.copies.forget(partition)
        self._key_index.clear()
        if (database := self._dbs.pop(partition, None)) is not None:
            database.close()

    # -- changelog

    def queued(self, partition: int, changes: int = 1) -> None:
        """So many changes go to the changelog and to the database."""
        self._queued[partition] = self._queued.get(partition, 0) + changes

    def is_durable(self, partition: int | None) -> bool:
        """Whether the changelog has all that a partition (None: each) shows."""
        if partition is None:
            return not any(self._queued.values())
        return not self._queued.get(partition)

    def sent(self, partition: int, offset: int) -> None:
        """The broker has a change; its offset is persisted with the next commit."""
        self._sent[partition] = max(offset, self._sent.get(partition, -1))
        self._has[partition] = max(offset, self._has.get(partition, -1))
        if queued := self._queued.get(partition):
            self._queued[partition] = queued - 1

    def persist_sent(self) -> None:
        """Persist how far the changelog has what these databases have."""
        sent, self._sent = self._sent, {}
        for partition, offset in sent.items():
            if (database := self._dbs.get(partition)) is not None:
                database.put(self.offset_key, str(offset).encode())

    def leave(self, partition: int, at_s: float) -> None:
        """Date what was served until now; a change that may not have come through spoils it."""
        if partition in self._dbs and not self._queued.get(partition):
            self.copies.date(partition, self._has.get(partition, -1), at_s)

    def reached(self, partition: int, end: int, at_s: float) -> None:
        """Date a copy if it has everything below `end`, where the changelog ended at `at_s`."""
        has = self._has.get(partition, -1)
        if partition in self._dbs and partition not in self._foreign and has + 1 >= end:
            self.copies.date(partition, has, at_s)

    def copy_of(self, partition: int, key: bytes) -> tuple[bytes | None, float] | None:
        """The value under `key` in a copy, and when that was true; None without a dated copy."""
        database, at_s = self._dbs.get(partition), self.copies.at_s(partition)
        return None if database is None or at_s is None else (database.get(key), at_s)

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Write recovered changes and how far they go, all or nothing per partition."""
        batches: dict[int, WriteBatch] = {}
        offsets: dict[int, int] = {}
        first: dict[int, int] = {}
        for event in batch:
            message = event.message
            if message.topic not in self.table.changelog_topic.topics or message.key is None:
                continue
            writes = batches.setdefault(message.partition, WriteBatch(raw_mode=True))
            if message.value is None:
                writes.delete(message.key)
            else:
                writes.put(message.key, message.value)
            first.setdefault(message.partition, message.offset)
            offsets[message.partition] = max(message.offset, offsets.get(message.partition, -1))
        for partition, writes in batches.items():
            writes.put(self.offset_key, str(offsets[partition]).encode())
            self.copies.reading(partition, first[partition])
            self._db_for_partition(partition).write(writes)
            self._has[partition] = max(offsets[partition], self._has.get(partition, -1))

    def items_of(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of one partition, our own bookkeeping apart.

        Read in pieces: an iterator of RocksDB that waits would keep the database locked.
        """
        start: bytes | None = None
        while piece := self._piece(partition, start):
            for key, value in piece:
                if not key.startswith(OFFSET_PREFIX):
                    yield key, value
            start = piece[-1][0] + b"\0"

    def _piece(self, partition: int, start: bytes | None) -> list[tuple[bytes, bytes]]:
        items = self.database(partition).items(from_key=start)
        return cast("list[tuple[bytes, bytes]]", list(islice(items, PIECE)))
