"""The stream app: one incarnation of consumer, producer, tables and agents, on a hardened Faust.

It lives once. Whatever goes wrong in it ends in `fail_stop`: nothing is committed any more, and
`failed` tells its supervisor, which stops it and builds the next one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import faust
from faust.types import TP

from app.engine.consumer import Consumer
from app.engine.contracts import Message, Store
from app.engine.hooks import Hook, Hooks
from app.engine.lag import TopicLag
from app.engine.lag_sources import LagSources
from app.engine.lease import Lease
from app.engine.live import LiveReads, Phase
from app.engine.membership import instance_id
from app.engine.options import EngineOptions
from app.engine.outbox import Outbox
from app.engine.process import process
from app.engine.queues import Flow
from app.engine.settings import bounded_queue, faust_settings
from app.engine.sinking import Sinking
from app.engine.standbys import Standbys
from app.engine.tables import InHand, Table, TableStore
from app.engine.transport import Transport
from app.errors import TailraceError
from app.record.topics import TopicSpec
from app.tasks import spawn

logger = logging.getLogger(__name__)
OVERHEAD_BYTES = 1024


class EpochChangedError(TailraceError):
    """The topics were made anew: what comes now belongs to another incarnation."""


class TooLargeError(TailraceError):
    """A message that the producer would refuse; nothing was queued."""


class StreamApp(LiveReads, Sinking, faust.App):
    """See the protocol of the same name in `contracts.py` for what agents may use."""

    def __init__(self, options: EngineOptions) -> None:
        """Build, not start; must be called on the loop that will run it."""
        self.options = options
        self.failure: BaseException | None = None
        self.failed = asyncio.Event()
        self.phase: Phase = "starting"
        self.lease = Lease(options.session_timeout_s)
        self.in_hand = InHand()
        self.async_loops = []
        self._lag_sources: LagSources | None = None
        self._stores: list[TableStore] = []
        self._hooks = Hooks()
        self._ask_epoch: Callable[[], Awaitable[str]] | None = None
        self._sources: set[str] = set()
        self._served: frozenset[int] | None = None
        self._leaving: frozenset[int] = frozenset()
        self._left_at_s = 0.0
        self._dating: asyncio.Task[None] | None = None
        super().__init__(options.app_id, **faust_settings(options))
        self.flow_control = Flow(loop=self.loop)
        self.on_rebalance_complete.connect(cast(Any, self._recovered))
        self.on_partitions_revoked.connect(cast(Any, self._gone))

    @property
    def outbox(self) -> Outbox:
        """The producer's buffer."""
        return cast(Outbox, self.producer.buffer)

    @property
    def reader(self) -> Consumer:
        """The consumer, as ours."""
        return cast(Consumer, self.consumer)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of this incarnation is left: no thread, no open table."""
        is_running = self._consumer is not None and self.reader.client_thread.is_running
        return not is_running and all(
            cast(Table, table).rocks.is_closed for table in self.tables.values()
        )

    # -- what agents are registered with

    def source(self, topic_name: str) -> Any:
        """A topic of raw bytes to read from."""
        self._sources.add(topic_name)
        return self.topic(
            topic_name,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            internal=self.options.create_topics,
            partitions=self.options.partitions,
        )

    def store(self, name: str, ttl_s: int | None = None) -> Store:
        """Declare a table; entries expire after `ttl_s`, None keeps them."""
        table = Table(
            self,
            name=name,
            beacon=self.tables.beacon,
            partitions=self.options.partitions,
            ttl_s=ttl_s,
        )
        self.tables.add(table)
        store = TableStore(table, self.in_hand)
        self._stores.append(store)
        return store

    def hold_writes(self, partition: int) -> None:
        """Let all stores keep what is put, which is of this partition, until `write_held`."""
        for store in self._stores:
            store.hold(partition)

    def write_held(self) -> None:
        """Let all stores carry out what was put. Raises: Unavailable, DeliveryError."""
        for store in self._stores:
            store.write_held()

    def drop_held(self) -> None:
        """Let all stores forget what was put and not carried out."""
        for store in self._stores:
            store.drop_held()

    async def process(self, stream: Any, handle: Callable[[Message], None]) -> None:
        """Give every message to `handle`, then ack it; what it raises stops this incarnation."""
        await process(self, stream, handle)

    def on_assigned(self, callback: Hook) -> None:
        """Call back, and wait for it, when tables are recovered and before messages come."""
        self._hooks.assigned.append(callback)

    def on_revoked(self, callback: Hook) -> None:
        """Call back when partitions that were assigned are not served any more."""
        self._hooks.revoked.append(callback)

    def verify_epoch(self, ask: Callable[[], Awaitable[str]]) -> None:
        """Ask for the epoch after every rebalance; another one than ours ends the incarnation."""
        self._ask_epoch = ask

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Queue a message; the commit of the message in hand waits for its delivery.

        Raises: TooLargeError, DeliveryError.
        """
        if len(value) + len(key or b"") + OVERHEAD_BYTES > self.options.max_request_bytes:
            raise TooLargeError(f"{len(value)} bytes for {topic}")
        self.outbox.add(topic, None, key, value)

    async def lags(self, *, ask: bool) -> Mapping[str, TopicLag]:
        """How far each source is behind; empty while partitions move. `ask`: the broker too."""
        return await self._lagging().measure(ask=ask)

    def assigned(self) -> Mapping[str, Sequence[int]]:
        """The partitions of each source that are read; empty while they move."""
        return self._lagging().assigned()

    def _lagging(self) -> LagSources:
        if self._lag_sources is None:
            self._lag_sources = LagSources(self.reader)
        return self._lag_sources

    def changelog_specs(self) -> list[TopicSpec]:
        """The changelog topics that must exist, with the partition count of the sources."""
        return [cast(Table, table).spec() for table in self.tables.values()]

    # -- pauses

    def pause(self, topic: str, partition: int) -> None:
        """Fetch nothing more of a partition, until `resume` or until it is revoked."""
        self.reader.hold(TP(topic, partition))

    def resume(self, topic: str, partition: int) -> None:
        """Fetch a paused partition again."""
        self.reader.release(TP(topic, partition))

    # -- failing

    def fail_stop(self, exc: BaseException) -> None:
        """Commit nothing more and tell the supervisor; the first reason counts."""
        self._crash(exc)

    def _crash(self, reason: BaseException) -> None:
        if self.failure is None:
            self.failure = reason
            self.phase = "failed"
            self._served = None
            logger.error("the stream side fails: %r", reason)
            self.failed.set()
            super()._crash(reason)

    async def crash(self, reason: BaseException) -> None:
        """As `fail_stop`, from any thread."""
        self.loop.call_soon_threadsafe(self.fail_stop, reason)

    # -- what Faust calls

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Transport:
        return Transport(self.conf.broker_producer, self)

    def FlowControlQueue(self, *args: Any, **kwargs: Any) -> Any:  # noqa: N802 - Faust's name
        """A buffer bounded by bytes instead of Faust's."""
        return bounded_queue(self.options, self.flow_control, lambda: self.reader.room.set())

    def on_init_dependencies(self) -> Any:
        """Faust's services; its monitor is left out, which would record every event."""
        return self.boot_strategy.server()

    async def on_first_start(self) -> None:
        """Make the directories, parents included; all that we read is known by now."""
        own_id = instance_id(self.options, self._sources, self.tables)
        cast(Any, self.conf).consumer_group_instance_id = own_id
        for directory in (self.conf.datadir, self.conf.appdir, self.conf.tabledir):
            directory.mkdir(parents=True, exist_ok=True)
        if self.options.standby_replicas:
            self._dating = spawn(Standbys(self).run(), name="engine-standbys")

    async def _producer_flush(self, logger: Any) -> None:
        """Nothing: each commit had its barrier, a bare flush could wait for ever."""

    def on_rebalance_start(self) -> None:
        """Tables cannot be read from here on. Called in the consumer's thread."""
        self._leave()
        self.phase = "rebalancing"
        super().on_rebalance_start()

    async def _gone(self, app: Any, revoked: set[TP], **kwargs: Any) -> None:
        self._leave()
        self._left()
        await self._hooks.revoke()
        self.phase = "recovering"

    def on_rebalance_return(self) -> None:
        """Nothing: Faust would look for a sensor's state."""

    def on_rebalance_end(self) -> None:
        """The streams flow again, unless the partitions have moved on meanwhile."""
        if self._is_recovered():
            self.rebalancing = False
            self.reader.open_sources()

    def _is_recovered(self) -> bool:
        if self.failure is not None:
            return False
        generation = self.reader.reading_generation
        recovered = cast(Any, self.tables).recovery._generation_id
        return generation is not None and generation == recovered

    async def _recovered(self, app: Any, **kwargs: Any) -> None:
        if not self._is_recovered() or not await self._is_same_epoch():
            return
        if not self._is_recovered():
            # The partitions were taken while the epoch was asked for.
            return
        partitions = {
            tp.partition for tp in self.consumer.assignment() if tp.topic in self._sources
        }
        self._served = frozenset(partitions)
        try:
            if await self._hooks.assign(partitions) and self.failure is None:
                self.phase = "running"
        except Exception as exc:  # noqa: BLE001 - mapped: an index that is not built is a failure
            self.fail_stop(exc)

    async def _is_same_epoch(self) -> bool:
        try:
            now = self.options.epoch if self._ask_epoch is None else await self._ask_epoch()
            if now != self.options.epoch:
                raise EpochChangedError(f"the topics' epoch was {self.options.epoch}, now {now}")
        except TailraceError as exc:
            self.fail_stop(exc)
            return False
        return True

    async def _stop_consumer(self) -> None:
        """Finish and commit what is in progress; then nothing is served any more."""
        try:
            await super()._stop_consumer()
        finally:
            self._served, self._leaving = None, frozenset()
            if self._dating is not None:
                self._dating.cancel()
            self.phase = "stopped" if self.failure is None else "failed"
            await self._hooks.revoke()
