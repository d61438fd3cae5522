"""The consumer: what is acked, what may be committed, and how partitions are left.

acks      in any order, of the generation that reads now; a commit never passes the lowest
          message that a stream has taken and not acked
commit    offsets are computed first, then a barrier over the producer, then the broker is told;
          whatever fails on the way, nothing is forgotten and nothing is committed
leaving   a drain time for events in progress, a commit, then the rest is released, never acked;
          what the broker has not taken by then is cut off: behind a change of the partition's
          next owner it would undo that, and what was counted there would be lost
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from time import time
from typing import Any

from aiokafka.errors import KafkaError
from faust.types import TP
from mode import Service

from app.engine.fetching import FetchingConsumer
from app.engine.outbox import DeliveryError

logger = logging.getLogger(__name__)
ACK_POLL_S = 0.25
LEASE_POLL_S = 0.25
# Of the time that the group waits for us: what is not flushed by then is cut off in the rest.
LEAVING_SHARE = 0.9


class Consumer(FetchingConsumer):
    """Faust's consumer with ordered commits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Track what is taken by strong references: a lost event must hold the commit back."""
        super().__init__(*args, **kwargs)
        self._unacked_messages: set[Any] = set()
        self.reading_generation: int | None = None
        self._commit_lock = asyncio.Lock()
        self.last_age_s: dict[str, float] = {}
        options = self.app.options
        self._drain_timeout_s: float = options.drain_timeout_s
        self._sink_grace_s: float = min(options.sink_grace_s, options.drain_timeout_s)
        self._flush_timeout_s: float = options.flush_timeout_s
        self._leaving_s: float = options.rebalance_timeout_s * LEAVING_SHARE

    # -- acks

    def ack(self, message: Any) -> bool:
        """Count a message as done; one of another generation is only let go."""
        self._unacked_messages.discard(message)
        if not self.is_reading(message):
            message.acked = True
            return False
        self.last_age_s[message.topic] = max(0.0, time() - (message.timestamp or 0.0))
        return bool(super().ack(message))

    def let_go(self, message: Any) -> None:
        """Wait for a message no longer; it is not acked, and will be read again."""
        self._unacked_messages.discard(message)
        message.acked = True

    def is_reading(self, message: Any) -> bool:
        """Whether an ack of this message would count."""
        return bool(message.generation_id == self.reading_generation)

    def _new_offset(self, tp: Any) -> int | None:
        """The offset to commit: behind the highest ack that no taken message precedes."""
        return self._new_offset_below(tp, self._lowest_taken().get(tp))

    def _new_offset_below(self, tp: Any, lowest: int | None) -> int | None:
        ready = [offset for offset in self._acked[tp] if lowest is None or offset < lowest]
        return max(ready) + 1 if ready else None

    def _lowest_taken(self) -> dict[Any, int]:
        """Of each partition the lowest offset that a stream has taken and not acked."""
        lowest: dict[Any, int] = {}
        for message in self._unacked_messages:
            tp, offset = message.tp, message.offset
            if offset < lowest.get(tp, offset + 1):
                lowest[tp] = offset
        return lowest

    def _settle(self, offsets: Mapping[Any, int]) -> None:
        """Forget the acks that are committed now."""
        for tp, offset in offsets.items():
            self._committed_offset[tp] = self._own_commits[tp] = offset
            self._acked[tp] = [each for each in self._acked[tp] if each >= offset]
            self._acked_index[tp] = set(self._acked[tp])

    # -- commit

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit what was acked before this call, once it is durable; whether anything was."""
        async with self._commit_lock:
            return await self.force_commit(topics)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """As `commit`, without waiting for another commit to end."""
        offsets = self._committable(topics)
        if not offsets:
            return False
        generation = self.reading_generation
        try:
            await self.app.producer.flush()
            if generation != self.reading_generation or not self._may_commit:
                return False
            if not await self._commit(offsets):
                return False
        except DeliveryError as exc:
            logger.warning("not committed, an effect was lost: %s", exc)
            return False
        except KafkaError as exc:
            self._commit_failed(exc)
            return False
        self._settle(offsets)
        self.app.tables.on_commit(offsets)
        return True

    @property
    def _may_commit(self) -> bool:
        is_reading = self.app.failure is None and self.reading_generation is not None
        return is_reading and bool(self.app.lease.is_good)

    def _committable(self, topics: Any) -> dict[Any, int]:
        if not self._may_commit:
            return {}
        assigned, lowest = self.assignment(), self._lowest_taken()
        found = {
            tp: self._new_offset_below(tp, lowest.get(tp))
            for tp in list(self._acked)
            if tp in assigned
        }
        return {
            tp: offset
            for tp, offset in found.items()
            if offset is not None and self._should_commit(tp, offset)
        }

    def _commit_failed(self, exc: KafkaError) -> None:
        if not getattr(exc, "retriable", False):
            self.app.fail_stop(exc)
        logger.warning("offsets not committed: %r", exc)

    # -- leaving partitions

    async def wait_empty(self) -> None:
        """Wait for events in progress, at most the drain time, commit, and release the rest."""
        loop = asyncio.get_running_loop()
        left_by_s = loop.time() + self._leaving_s
        await self.app.leave_sinks(self._sink_grace_s if self._may_commit else 0.0)
        deadline_s = loop.time() + self._drain_timeout_s
        while self._unacked_messages and self._may_commit and not self.should_stop:
            left_s = deadline_s - loop.time()
            if left_s <= 0:
                logger.warning(
                    "%d events were not finished in time; they will be read again",
                    len(self._unacked_messages),
                )
                break
            await self._wait_for_ack(min(left_s, ACK_POLL_S))
        await self._last_commit(min(self._flush_timeout_s, left_by_s - loop.time()))

    async def _wait_for_ack(self, timeout: float) -> None:
        self._waiting_for_ack = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._waiting_for_ack, timeout)
        self._waiting_for_ack = None

    async def _last_commit(self, timeout_s: float) -> None:
        """Commit, and let the broker have all that was queued; what it does not take is cut off."""
        if self._may_commit:
            try:
                async with asyncio.timeout(timeout_s):
                    await self.commit()
                    await self.app.producer.flush()
            except TimeoutError:
                logger.warning(
                    "effects were not durable in time: their messages will be read again"
                )
            except DeliveryError as exc:
                logger.warning("effects were lost: their messages will be read again: %s", exc)
        await self._sever("the partitions are left")

    async def _sever(self, reason: str) -> None:
        """Let nothing that is under way come to the broker; where there is any, we are done."""
        if self.app.outbox.marks.outstanding_records:
            self.app.fail_stop(DeliveryError(f"{reason}: what is under way is cut off"))
            await self.app.producer.sever(reason)

    @Service.task
    async def _keep_lease(self) -> None:
        """Cut off what is under way as soon as the partitions may be another's."""
        while not self.should_stop:
            await asyncio.sleep(LEASE_POLL_S)
            if self.reading_generation is not None and not self.app.lease.is_good:
                await self._sever("the group may have given our partitions away")

    def _leave(self) -> None:
        """Release everything of this generation: a late ack counts for nothing."""
        self.reading_generation = None
        for loop in self.app.async_loops:
            loop.abandon()
        for message in self._unacked_messages:
            message.acked = True
        self._unacked_messages.clear()
        self._acked.clear()
        self._acked_index.clear()
        self._gap.clear()
        self.close_sources()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop the flow, finish and commit what is in progress, and only then forget it."""
        if self.app.should_stop:
            await self._sever("the partitions are left")
        else:
            self.stop_flow()
            self.app.flow_control.suspend()
            self.app.flow_control.clear()
            await self.wait_empty()
        self._leave()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin a generation with nothing acked and nothing held."""
        self._leave()
        self.reading_generation = generation_id
        self.app.lease.renew(self.app.lease.now_s())
        for loop in self.app.async_loops:
            loop.begin_generation()
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_stop(self) -> None:
        """Commit what is done, in time; after a failure commit nothing."""
        if self._thread.started:
            await self._last_commit(self._flush_timeout_s)
        self._leave()
        self.transport._topic_waiters.clear()

    async def verify_all_partitions_active(self) -> None:
        """Do nothing: lag is measured by us, Faust's detector only logs."""
