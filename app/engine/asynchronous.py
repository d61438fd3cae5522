"""The loop from a stream to a sink: coroutines that write messages and may have to try again.

Each partition has a lane, which says what to try when (`batching.py`, `concurrency.py`); this is
the shell around them: tasks, timers, acks, pauses. Its promises:

memory     a partition whose lane is full is paused; all lanes together are bounded, beyond that
           the stream is not read; what must wait for long is dropped, and read again when due
failures   whatever a sink raises is logged and tried again, and stops its own partitions alone;
           a lost effect or an error of ours ends the incarnation
leaving    messages that only wait are let go at once, those being tried get a grace and are
           cancelled then; what comes of them later counts for nothing
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from app.engine.attempts import attempt
from app.engine.contracts import Result, SinkState, Write
from app.engine.ordered import Entry, Lane
from app.engine.slices import to_message
from app.engine.tables import Hand
from app.engine.tracks import Budget, Track, size_bytes_of
from app.tasks import spawn

if TYPE_CHECKING:
    from app.engine.app import StreamApp

logger = logging.getLogger(__name__)
CANCEL_S = 1.0


class AsyncLoop:
    """Reads one stream into lanes and carries out their jobs."""

    def __init__(
        self,
        app: "StreamApp",
        write: Write,
        new_lane: Callable[[], Lane[Any]],
        budget: Budget,
        state: SinkState | None = None,
    ) -> None:
        """Nothing is read before `run`."""
        self._app = app
        self._reader = app.reader
        self._write = write
        self._new_lane = new_lane
        self._budget = budget
        self._state = state
        self._loop = asyncio.get_running_loop()
        self._tracks: dict[Any, Track] = {}
        self._room = asyncio.Event()
        self._is_leaving = False

    async def run(self, stream: Any) -> None:
        """Read until cancelled; an error of ours ends the incarnation."""
        self._app.async_loops.append(self)
        try:
            async for event in stream.noack().events():
                await self._accept(event)
        except Exception as exc:
            logger.exception("a loop over a stream failed")
            self._app.fail_stop(exc)
        finally:
            self._app.async_loops.remove(self)
            self.abandon()

    # -- reading

    async def _accept(self, event: Any) -> None:
        message = event.message
        track = self._track(message.tp)
        laps = track.laps
        while self._is_wanted(message, track, laps) and self._is_over_budget:
            self._room.clear()
            for each in list(self._tracks.values()):
                self._kick(each)
            await self._room.wait()
        if not self._is_wanted(message, track, laps):
            self._reader.let_go(message)
            return
        track.lane.add(message.offset, size_bytes_of(message), event, self._loop.time())
        if track.lane.is_full and not track.is_held:
            track.is_held = True
            self._reader.hold(track.tp)
        self._advance(track)

    def _track(self, tp: Any) -> Track:
        track = self._tracks.get(tp)
        if track is None:
            track = self._tracks[tp] = Track(tp, self._new_lane())
        return track

    def _is_wanted(self, message: Any, track: Track, laps: int) -> bool:
        return (
            not self._is_leaving
            and not track.is_over
            and not track.is_rewinding
            and track.laps == laps
            and self._app.failure is None
            and self._reader.is_reading(message)
        )

    @property
    def _is_over_budget(self) -> bool:
        lanes = [track.lane for track in self._tracks.values()]
        return (
            sum(lane.held_records for lane in lanes) >= self._budget.records
            or sum(lane.held_bytes for lane in lanes) >= self._budget.bytes
        )

    # -- jobs

    def _advance(self, track: Track) -> None:
        """Ack what is done, begin what can be begun, and wake again when there is more to do."""
        for entry in track.lane.pop_done():
            entry.item.ack()
        self._kick(track)
        self._room.set()

    def _kick(self, track: Track) -> None:
        if track.is_over or track.is_rewinding or self._is_leaving:
            return
        now_s = self._loop.time()
        for job in track.lane.take(now_s, pressed=self._is_over_budget):
            self._begin(track, job)
        self._tell_waits(track, now_s)
        if track.lane.is_long_wait(now_s):
            self._rewind(track, track.lane.wait_s(now_s))
            return
        if track.is_held and not track.lane.is_full:
            self._release(track)
        track.wake(track.lane.wake_at_s(), self._kick)

    def _release(self, track: Track) -> None:
        track.is_held = False
        self._reader.release(track.tp)

    def _begin(self, track: Track, job: list[Entry[Any]]) -> None:
        hand = Hand()
        task = spawn(self._carry_out(track, job, hand), name=f"sink-{track.tp.topic}")
        track.tasks[task] = hand
        task.add_done_callback(lambda done: track.tasks.pop(done, None))

    async def _carry_out(self, track: Track, job: list[Entry[Any]], hand: Hand) -> None:
        messages = [to_message(each.item.message, self._app.options.epoch) for each in job]
        hand.message = messages[0]
        self._app.in_hand.take_up(hand)
        try:
            await self._app.outbox.room()
            if self._app.failure is not None:
                return
            results = await attempt(self._write, messages)
            hand.message = None
            if track.is_over or self._app.failure is not None:
                return
            track.lane.settle(job, results, self._loop.time())
            self._tell_attempt(results)
            await track.ack(job)
            self._advance(track)
        except Exception as exc:  # noqa: BLE001 - mapped: an error of ours is a fail-stop
            self._app.fail_stop(exc)

    # -- waiting without holding

    def _rewind(self, track: Track, wait_s: float) -> None:
        """Drop what is held of a partition, and read it again when it is due."""
        entries, due_s = track.lane.unfinished(), self._loop.time() + wait_s
        offset = track.lane.rewind()
        for entry in entries:
            self._reader.let_go(entry.item.message)
        track.laps += 1
        track.is_rewinding = track.is_held = True
        self._reader.hold(track.tp)
        track.wake(None, self._kick)

        def done() -> None:
            if not track.is_over:
                track.is_rewinding = False
                track.wake(due_s, self._go_on)

        oldest = next(each.item.message for each in entries if not each.is_done)
        self._reader.rewind(track.tp, offset, done, since_s=oldest.timestamp or 0.0)
        self._room.set()

    def _go_on(self, track: Track) -> None:
        if track.is_over or self._is_leaving:
            return
        self._tell_waits(track, self._loop.time())
        self._release(track)

    # -- leaving

    async def leave(self, grace_s: float) -> None:
        """Let go of what waits, give what is being tried `grace_s`, and cancel the rest."""
        self._is_leaving = True
        self._room.set()
        for track in self._tracks.values():
            for entry in track.lane.waiting():
                self._reader.let_go(entry.item.message)
        tasks = [task for track in self._tracks.values() for task in track.tasks]
        if tasks and grace_s > 0:
            await asyncio.wait(tasks, timeout=grace_s)
        left = self.abandon()
        if left:
            logger.warning("%d writes were cut short; their messages come again", len(left))
            await asyncio.wait(left, timeout=CANCEL_S)

    def abandon(self) -> "list[asyncio.Task[None]]":
        """End this generation at once; the tasks that were cancelled for it."""
        tracks, self._tracks = list(self._tracks.values()), {}
        cancelled = []
        for track in tracks:
            track.is_over = True
            track.wake(None, self._kick)
            if track.is_waiting and self._state is not None:
                self._state.waits(track.tp.partition, None)
            for entry in track.lane.unfinished():
                self._reader.let_go(entry.item.message)
            for task, hand in list(track.tasks.items()):
                hand.message = None
                task.cancel()
                cancelled.append(task)
        self._room.set()
        return cancelled

    def begin_generation(self) -> None:
        """Take messages again, of the partitions that were assigned now."""
        self.abandon()
        self._is_leaving = False

    # -- telling

    def _tell_attempt(self, results: Sequence[Result]) -> None:
        if self._state is not None:
            self._state.attempted(len(results), sum(result is None for result in results))

    def _tell_waits(self, track: Track, now_s: float) -> None:
        wait_s = track.lane.wait_s(now_s)
        if self._state is not None and (wait_s > 0 or track.is_waiting):
            self._state.waits(track.tp.partition, wait_s if wait_s > 0 else None)
        track.is_waiting = wait_s > 0
