"""Stream buffers bounded by bytes as well as by count, which never block the fetch loop.

Faust's queue takes a partition out of the fetch set by callbacks that a cleared queue forgets to
call back, and a full one blocks the only fetch loop of all topics. This one accepts what was
fetched and answers `is_full`; the consumer asks before each fetch and leaves full topics out.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from mode.utils.queues import FlowControlEvent, ThrowableQueue

from app.engine.slices import Slice


class Flow(FlowControlEvent):
    """Mode's switch of all queues, which empties them only when it is turned on.

    Mode's empties them at each `resume`. Faust resumes once more when a recovery is complete, and
    the standbys are being read by then: what had just come was lost, their copies had holes, and
    so had the totals of the worker that was given such a copy.
    """

    def resume(self) -> None:
        """Let records in, after emptying the queues; nothing if they are let in already."""
        if not self.is_active():
            super().resume()


class BoundedQueue(ThrowableQueue[Any]):
    """Faust's channel queue with sizes; `on_room` is called when it empties below half."""

    def __init__(
        self, *, max_records: int, max_bytes: int, on_room: Callable[[], None], **kwargs: Any
    ) -> None:
        """No limit of its own on what is put: limits are what `is_full` compares with."""
        self.takes_slices = False
        self.max_records = max_records
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self.held_records = 0
        self._on_room = on_room
        self._was_full = False
        super().__init__(0, **kwargs)

    @property
    def is_full(self) -> bool:
        """Whether no more should be fetched; stays so until half of it is taken."""
        if self._was_full:
            self._was_full = (
                self.held_records > self.max_records // 2 or self.held_bytes > self.max_bytes // 2
            )
        else:
            self._was_full = (
                self.held_records >= self.max_records or self.held_bytes >= self.max_bytes
            )
        return self._was_full

    def put_nowait_enhanced(
        self, value: Any, *, on_pressure_high: Any = None, on_pressure_drop: Any = None
    ) -> bool:
        """Put without the pressure callbacks."""
        self.force_put_nowait(value)
        return False

    def maybe_endorse_pressure_drop(self) -> None:
        """Do nothing: there are no pressure callbacks."""

    def clear(self) -> None:
        """Drop everything, and what it weighed."""
        super().clear()
        self.held_bytes = self.held_records = 0
        self._on_room()

    def drop(self, is_dropped: Callable[[Any], bool]) -> None:
        """Take out what is named, in place."""
        queue: deque[Any] = cast(Any, self)._queue
        kept = [item for item in queue if not is_dropped(item)]
        queue.clear()
        self.held_bytes = self.held_records = 0
        for item in kept:
            self._put(item)
        self._on_room()

    def _put(self, item: Any) -> None:
        records, size_bytes = _weight(item)
        self.held_records += records
        self.held_bytes += size_bytes
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        records, size_bytes = _weight(item)
        self.held_records -= records
        self.held_bytes -= size_bytes
        if self._was_full and not self.is_full:
            self._on_room()
        return item


def _weight(item: Any) -> tuple[int, int]:
    """Records and bytes of what a stream reads."""
    message = getattr(item, "message", None)
    if message is None:
        return 1, 0
    if isinstance(message, Slice):
        return len(message.records), message.size_bytes
    return 1, len(message.value or b"") + len(message.key or b"")
