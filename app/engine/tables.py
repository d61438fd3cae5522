"""Tables: bytes to bytes, written for the message in hand, recovered by Faust."""

import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any, cast

from aiokafka.errors import KafkaTimeoutError
from faust.tables.manager import TableManager as FaustTableManager
from faust.tables.recovery import Recovery as FaustRecovery
from faust.tables.recovery import ServiceStopped
from faust.tables.table import Table as FaustTable

from app.engine.contracts import Message
from app.engine.rocks import RocksStore, write_batch
from app.record.topics import TopicSpec

logger = logging.getLogger(__name__)
MS = 1000
STANDBY_BATCH = 100


class Table(FaustTable[Any, Any]):
    """A Faust table over a `RocksStore`; a recovery that cannot write is a fail-stop."""

    app: Any

    def __init__(self, *args: Any, ttl_s: int | None, **kwargs: Any) -> None:
        """Raw bytes; the changelog lives as long as the entries."""
        self.ttl_s = ttl_s
        configs = changelog_configs(ttl_s)
        super().__init__(
            *args,
            key_type=bytes,
            value_type=bytes,
            standby_buffer_size=STANDBY_BATCH,
            extra_topic_configs=configs,
            **kwargs,
        )

    def _new_store(self) -> RocksStore:
        return RocksStore(
            "rocksdb://",
            self.app,
            self,
            table_name=self.name,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            loop=self.loop,
            options={},
            ttl_s=self.ttl_s,
            epoch=self.app.options.epoch,
        )

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Apply recovered changes; Faust only logs a failure and goes on without them."""
        try:
            super().apply_changelog_batch(batch)
        except Exception as exc:
            self.app.fail_stop(exc)
            raise

    @property
    def rocks(self) -> RocksStore:
        """The local databases."""
        return cast(RocksStore, self.data)

    def spec(self) -> TopicSpec:
        """The changelog as it should be on the broker."""
        return TopicSpec(
            self.changelog_topic.get_topic_name(),
            self.app.options.partitions,
            changelog_configs(self.ttl_s),
        )


def changelog_configs(ttl_s: int | None) -> dict[str, str]:
    """Kafka's configuration of a changelog; entries that expire are deleted there too."""
    if ttl_s is None:
        return {"cleanup.policy": "compact"}
    return {"cleanup.policy": "compact,delete", "retention.ms": str(ttl_s * MS)}


class Recovery(FaustRecovery):
    """Faust's recovery, which takes a step that timed out for a stop, and never recovers again."""

    app: Any

    async def _wait(self, coro: Any, timeout: Any = None) -> None:
        """Wait for a step. Raises: KafkaTimeoutError, after a fail-stop, when it takes too long."""
        try:
            await super()._wait(coro, timeout)
        except ServiceStopped:
            if self.should_stop:
                raise
            late = KafkaTimeoutError(f"a step of the recovery took more than {timeout} s")
            self.app.fail_stop(late)
            raise late from None


class TableManager(FaustTableManager):
    """Faust's manager, without its second of sleep at the start."""

    @property
    def recovery(self) -> FaustRecovery:
        """Our recovery service, made when it is asked for."""
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Register the changelogs and start the recovery service."""
        await self._update_channels()
        await self.recovery.start()

    def on_commit(self, offsets: Any) -> None:
        """Persist how far the changelogs are, once per commit instead of once per change."""
        del offsets
        for table in self.values():
            cast(Table, table).rocks.persist_sent()


class Hand:
    """Holds a message while it is worked on; emptied, its tables are out of reach."""

    __slots__ = ("message",)

    def __init__(self) -> None:
        """Empty."""
        self.message: Message | None = None


class InHand:
    """The message that a handler works on: tables write to its partition.

    Each task has its own, also after it has awaited something.
    """

    def __init__(self) -> None:
        """No message."""
        self._hand: ContextVar[Hand | None] = ContextVar("in_hand", default=None)

    def take_up(self, hand: Hand) -> None:
        """Work with this hand in the task that calls."""
        self._hand.set(hand)

    @property
    def message(self) -> Message | None:
        """The message of the task that asks, None outside of a handler."""
        hand = self._hand.get()
        return None if hand is None else hand.message

    @message.setter
    def message(self, message: Message | None) -> None:
        """Take it up; None when done."""
        hand = self._hand.get()
        if hand is None:
            self._hand.set(hand := Hand())
        hand.message = message

    @property
    def partition(self) -> int:
        """Its partition. Raises: RuntimeError outside of a handler."""
        message = self.message
        if message is None:
            raise RuntimeError("a table can be used only while a message is handled")
        return message.position.partition


class TableStore:
    """The `Store` of one table, as a handler sees it."""

    def __init__(self, table: Table, in_hand: InHand) -> None:
        """`in_hand` is shared with the loop that sets it."""
        self._table = table
        self._in_hand = in_hand
        self._topic: str = table.changelog_topic.get_topic_name()
        self._held: dict[bytes, bytes] | None = None
        self._held_partition = -1

    def get(self, key: bytes) -> bytes | None:
        """The value put last under `key` in the message's partition, or None."""
        if self._held and (held := self._held.get(key)) is not None:
            return held
        database = self._table.rocks.database(self._in_hand.partition)
        value: bytes | None = database.get(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Queue the change for the changelog and write it locally; or hold it, if that is wished.

        Raises: Unavailable, DeliveryError: both end this incarnation.
        """
        if self._held is not None:
            self._held[key] = value
        else:
            self._write(self._in_hand.partition, {key: value})

    # -- what the loop over a stream calls, which does not await anything in between

    def hold(self, partition: int) -> None:
        """Keep all puts until `write_held`; they are of this partition."""
        self._held, self._held_partition = {}, partition

    def write_held(self) -> None:
        """Carry out the puts, of each key the last. Raises as `put`."""
        held, self._held = self._held, None
        if held:
            self._write(self._held_partition, held)

    def drop_held(self) -> None:
        """Forget the puts: what they were made for will come again."""
        self._held = None

    def _write(self, partition: int, values: Mapping[bytes, bytes]) -> None:
        store = self._table.rocks
        database = store.database(partition)
        app = self._table.app
        add = app.producer.buffer.add
        for key, value in values.items():
            add(self._topic, partition, key, value, store.sent)
        store.queued(partition, len(values))
        try:
            if len(values) == 1:
                database.put(*next(iter(values.items())))
            else:
                database.write(write_batch(values))
        except Exception as exc:
            # the changelog is ahead of the local table: whoever handles this must not go on
            app.fail_stop(exc)
            raise
