"""The thread that owns the Kafka client of the consumer.

Corrections: a fetch that returns while partitions move is put back instead of dropped; a failed
commit is reported, not crashed upon from the wrong thread; crashes are told to the app on its own
loop; stopping never blocks that loop, and a thread that hangs does not keep the process alive.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, cast

from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from mode.threads import ServiceThread, WorkerThread
from mode.utils.futures import maybe_set_exception

from app.engine.fetch_waits import mend_fetcher
from app.engine.lease import keep

logger = logging.getLogger(__name__)
JOIN_POLL_S = 0.01
ASK_S = 5.0


class Fetched(NamedTuple):
    """Records by partition, and the generation in which they were read."""

    generation: int
    records: Mapping[Any, list[Any]]


class DaemonThread(WorkerThread):
    """A thread that the process does not wait for at exit."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        """As Faust's, but a daemon."""
        super().__init__(service, **kwargs)
        self.daemon = True
        self.name = "engine-consumer"

    def run(self) -> None:
        """Run the service; errors were told to the app, whoever waits for the end hears of it."""
        try:
            with suppress(Exception, asyncio.CancelledError):
                super().run()
        finally:
            with suppress(RuntimeError):  # a loop that is closed has nobody waiting
                self.service.set_shutdown()

    def stop(self) -> None:
        """Return at once: `ConsumerThread.stop` has waited without blocking the loop."""


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with the corrections named above."""

    Worker = DaemonThread
    app: Any

    # -- fetching and seeking, in the thread

    async def _fetch_records(  # type: ignore[override]
        self,
        consumer: Any,
        active_partitions: set[Any],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Fetched:
        generation = self.app.consumer_generation_id
        records = await super()._fetch_records(
            consumer, active_partitions, timeout=timeout, max_records=max_records
        )
        now = self.app.consumer_generation_id
        if records and (not self.consumer.flow_active or now != generation):
            self._put_back(consumer, records)
            return Fetched(now, {})
        return Fetched(now, records)

    def _put_back(self, consumer: Any, records: Mapping[Any, list[Any]]) -> None:
        """Make the next fetch return these again; a partition that is gone needs nothing."""
        for tp, batch in records.items():
            with suppress(IllegalStateError):
                consumer.seek(tp, batch[0].offset)

    async def read_again(self, tp: Any, offset: int) -> bool:
        """Let the next fetch begin at an offset; False, and nothing, once partitions move."""
        generation = self.app.consumer_generation_id
        return bool(await self.call_thread(self._read_again, tp, offset, generation))

    async def _read_again(self, tp: Any, offset: int, generation: int) -> bool:
        if not self.consumer.flow_active or self.app.consumer_generation_id != generation:
            return False
        try:
            self._ensure_consumer().seek(TopicPartition(tp.topic, tp.partition), offset)
        except IllegalStateError:
            return False
        return True

    # -- how far partitions are, from the caller's loop

    def marks(self, tp: Any) -> tuple[int | None, int | None]:
        """Highwater mark and position of a partition as far as the client knows them."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        state = None if assignment is None else assignment.state_value(tp)
        return (None, None) if state is None else (state.highwater, state._position)

    async def ends(self, tps: Collection[Any]) -> Mapping[Any, int]:
        """The ends of partitions as the broker knows them; none if it does not answer in time.

        Not one of the thread's calls, which wait for each other: the broker may be away.
        """
        if not tps or not self.is_running:
            return {}
        asking = asyncio.wait_for(self._ensure_consumer().end_offsets(list(tps)), ASK_S)
        answer = asyncio.run_coroutine_threadsafe(asking, self.thread_loop)
        try:
            return cast(
                Mapping[Any, int], await asyncio.wait_for(asyncio.wrap_future(answer), 2 * ASK_S)
            )
        except (KafkaError, OSError, TimeoutError) as exc:
            logger.info("the ends of %d partitions are not known: %r", len(tps), exc)
            return {}

    # -- committing, in the thread

    async def _commit(self, offsets: Mapping[Any, int]) -> bool:
        """Commit; False when the group has moved on. Raises: KafkaError."""
        wanted = {
            TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
        }
        try:
            await self._ensure_consumer().commit(wanted)
        except (CommitFailedError, IllegalStateError) as exc:
            logger.info("offsets not committed, they will be read again: %s", exc)
            return False
        return True

    # -- start, crash and stop

    async def on_start(self) -> None:
        """Start the client, with waits of ours, and watch the task without which it would hang."""
        await super().on_start()
        consumer = self._ensure_consumer()
        mend_fetcher(consumer)
        keep(self.app.lease, consumer._coordinator)
        consumer._client._sync_task.add_done_callback(self._metadata_ended)

    def _metadata_ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.parent_loop.call_soon_threadsafe(self._told, error)

    @property
    def is_running(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    async def crash(self, exc: BaseException) -> None:
        """Tell the app, on its own loop, and whoever waits for the thread to start."""
        self.parent_loop.call_soon_threadsafe(self._told, exc)

    def _told(self, exc: BaseException) -> None:
        maybe_set_exception(self._thread_running, exc)
        self.app.fail_stop(exc)

    def _crash(self, reason: BaseException) -> None:
        with suppress(RuntimeError):  # a thread that has ended needs no telling
            self.thread_loop.call_soon_threadsafe(super()._crash, reason)

    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:
        """Log instead of printing a traceback to stderr."""
        logger.warning("consumer thread: %s", msg.format(*fmt))

    async def on_thread_stop(self) -> None:
        """Close the client; where aiokafka stumbles over a broker that is away, cut connections."""
        try:
            await super().on_thread_stop()
        except (KafkaError, OSError, TimeoutError, asyncio.CancelledError) as exc:
            logger.info("the consumer did not close cleanly: %r", exc)
            with suppress(KafkaError, OSError):
                await self._ensure_consumer()._client.close()

    async def stop(self) -> None:
        """Stop the thread and wait for its end without blocking the caller's loop.

        As long as the thread needs: the caller has the deadline.
        """
        if not self._started.is_set():
            self._close_unstarted_loop()
            return
        self.shutdown_timeout = cast(float, None)
        await super(ServiceThread, self).stop()
        while self._thread is not None and self._thread.is_alive():  # noqa: ASYNC110 - a thread
            await asyncio.sleep(JOIN_POLL_S)

    def _stopped_set(self) -> None:
        with suppress(RuntimeError):  # a thread that crashed has closed its loop already
            super()._stopped_set()
        self._stopped.set()

    def _close_unstarted_loop(self) -> None:
        if self._thread is None and not self.thread_loop.is_closed():
            self.thread_loop.close()
