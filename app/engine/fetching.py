"""How records come from the Kafka client into the streams' buffers.

Corrections: a pause is ours, so no drained buffer or recovery undoes it, and what was fetched
before it is delivered, not dropped; topics whose buffer is full are left out of a fetch instead of
blocking all others; sources are not read while a recovery is still about to seek and to clear the
buffers; offsets that go back are a topic made anew, not duplicates to drop; a message costs one
call instead of four tasks, and where a stream takes slices, a hundred cost one.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

from faust.transport.drivers import aiokafka as driver

from app.engine.consumer_thread import ConsumerThread, Fetched
from app.engine.slices import cut
from app.errors import TailraceError

logger = logging.getLogger(__name__)
POLL_S = 1.0
HELD_BACK_POLL_S = 0.05
YIELD_EVERY = 100


class OffsetsWentBackError(TailraceError):
    """A partition's offsets restarted: the topic was deleted and made anew, or cut."""


class Rewind(NamedTuple):
    """Where to read again from, and whom to tell when nothing later is on its way any more."""

    offset: int
    done: Callable[[], None]


class FetchingConsumer(driver.Consumer):
    """The part of the consumer that reads."""

    app: Any
    transport: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is held; the room event wakes a fetch that had nowhere to put records."""
        self.held: set[Any] = set()
        self._sources_open = False
        self._delivered: dict[Any, int] = {}
        self._own_commits: dict[Any, int] = {}
        self._rewinds: dict[Any, Rewind] = {}
        self.rewound: dict[Any, tuple[int, float]] = {}
        self.room = asyncio.Event()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def client_thread(self) -> ConsumerThread:
        """The thread with the Kafka client."""
        return cast(ConsumerThread, self._thread)

    # -- pauses

    def hold(self, tp: Any) -> None:
        """Fetch nothing more of a partition until it is released or revoked."""
        self.held.add(tp)

    def release(self, tp: Any) -> None:
        """Fetch a held partition again."""
        self.held.discard(tp)
        self.room.set()

    def on_buffer_full(self, tp: Any) -> None:
        """Do nothing: full buffers are asked for at each fetch."""

    def on_buffer_drop(self, tp: Any) -> None:
        """Do nothing, as `on_buffer_full`."""

    def open_sources(self) -> None:
        """Read the sources from now on: positions are sought, nothing will be cleared."""
        self._sources_open = True
        self.room.set()

    def close_sources(self) -> None:
        """Read no source until the next recovery is complete; pauses end here."""
        self._sources_open = False
        self._delivered.clear()
        self.held.clear()
        self._rewinds.clear()
        self.rewound.clear()

    def _is_source(self, topic: str) -> bool:
        return bool(self.app.topics.acks_enabled_for(topic))

    def fetchable(self) -> set[Any]:
        """The partitions to fetch from now: active, not held, with room in their buffers."""
        full = {
            topic
            for topic, channels in self.app.topics._topic_name_index.items()
            if any(channel.queue.is_full for channel in channels)
        }
        return {
            tp
            for tp in self._get_active_partitions()
            if tp not in self.held
            and tp.topic not in full
            and (self._sources_open or not self._is_source(tp.topic))
        }

    def _channels(self, topic: str) -> list[Any]:
        return list(self.app.topics._topic_name_index.get(topic, ()))

    def buffered(self, topic: str) -> list[Any]:
        """The messages that no stream has taken yet."""
        return [event.message for each in self._channels(topic) for event in each.queue._queue]

    # -- reading again

    def rewind(
        self, tp: Any, offset: int, done: Callable[[], None], *, since_s: float = 0.0
    ) -> None:
        """Read a held partition again from an offset; what was fetched of it is dropped.

        `since_s` is the broker's time of that message.
        """
        self._rewinds[tp] = Rewind(offset, done)
        self.rewound[tp] = (offset, since_s)
        self.room.set()

    async def _carry_out_rewinds(self) -> None:
        """Between two fetches: nothing of the partition is on its way but what is buffered."""
        for tp, rewind in list(self._rewinds.items()):
            is_sought = await self.client_thread.read_again(tp, rewind.offset)
            if not is_sought or self._rewinds.get(tp) is not rewind:
                continue
            del self._rewinds[tp]
            for channel in self._channels(tp.topic):
                channel.queue.drop(lambda event, tp=tp: event.message.tp == tp)
            self._delivered[tp] = rewind.offset - 1
            self._read_offset[tp] = rewind.offset
            rewind.done()

    # -- the loop

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                if self._rewinds:
                    await self._carry_out_rewinds()
                fetched = await self._fetch()
                if fetched is not None:
                    await self._deliver(fetched)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    async def _fetch(self) -> Fetched | None:
        if not self.flow_active:
            await self.wait(cast(Any, self.can_resume_flow))
            return None
        wanted = self.fetchable()
        everything = wanted == self._get_active_partitions()
        if not wanted:
            await self._wait_for_room()
            return None
        return cast(
            "Fetched | None",
            await self._getmany(wanted, POLL_S if everything else HELD_BACK_POLL_S),
        )

    async def _wait_for_room(self) -> None:
        self.room.clear()
        try:
            await asyncio.wait_for(self.room.wait(), HELD_BACK_POLL_S)
        except TimeoutError:
            return

    async def _deliver(self, fetched: Fetched) -> None:
        single = {}
        for tp, records in fetched.records.items():
            if records and self._goes_in_slices(tp.topic):
                await self._deliver_slices(tp, records, fetched.generation)
            else:
                single[tp] = records
        if single:
            await self._deliver_singly(Fetched(fetched.generation, single))

    def _goes_in_slices(self, topic: str) -> bool:
        channels = self._channels(topic)
        return bool(channels) and all(each.queue.takes_slices for each in channels)

    async def _deliver_slices(self, tp: Any, records: list[Any], generation: int) -> None:
        channels = self._channels(tp.topic)
        for piece in cut(tp, records, generation):
            if not self._is_current(generation):
                return
            self._note(tp, piece.offset)
            self._delivered[tp] = self._read_offset[tp] = piece.records[-1].offset
            piece.incref(len(channels))
            for channel in channels:
                event = self.app.create_event(None, None, None, piece)
                channel.queue.put_nowait_enhanced(event)
            await asyncio.sleep(0)

    async def _deliver_singly(self, fetched: Fetched) -> None:
        since_yield = 0
        for tp, record in self._in_turn(fetched):
            if not self._is_current(fetched.generation):
                return
            await self._deliver_one(tp, record)
            since_yield += 1
            if since_yield >= YIELD_EVERY:
                since_yield = 0
                await asyncio.sleep(0)

    def _in_turn(self, fetched: Fetched) -> Iterator[tuple[Any, Any]]:
        records: Iterator[tuple[Any, Any]] = self.scheduler.iterate(fetched.records)
        return records

    def _is_current(self, generation: int) -> bool:
        return bool(
            self.flow_active
            and self.app.flow_control.is_active()
            and self.app.consumer_generation_id == generation
        )

    async def _deliver_one(self, tp: Any, record: Any) -> None:
        if self._is_source(tp.topic):
            self._note(tp, record.offset)
        message = self._to_message(tp, record)
        await self.callback(message)
        if self._is_current(cast(int, message.generation_id)):
            self._read_offset[tp] = record.offset

    def _note(self, tp: Any, offset: int) -> None:
        """Check that a partition goes on where it was.

        Raises: OffsetsWentBackError when it does not; the next incarnation begins a new epoch.
        """
        before = max(self._delivered.get(tp, -1), self._own_commits.get(tp, 0) - 1)
        if offset <= before:
            raise OffsetsWentBackError(f"{tp.topic}[{tp.partition}]: {offset} after {before}")
        self._delivered[tp] = offset
        self.rewound.pop(tp, None)
        committed = self._committed_offset[tp]
        if committed is not None and offset < committed:
            logger.warning("%s: offset %d is below the committed %d", tp, offset, committed)
            self._committed_offset[tp] = None
