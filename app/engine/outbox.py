"""The producer buffer: a queue with a barrier, instead of Faust's wait for an empty buffer.

What a handler puts and emits is numbered as it is queued and sent in that order by one task. A
barrier waits until the broker has everything that was queued when it was called, however much is
queued after it. Messages go in rounds, one each `linger_s` at most, and at once where somebody
waits; none begins while `may_send` says no. The first delivery that fails closes the outbox:
nothing is sent or awaited any more, and the owner is told once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from faust.transport.producer import ProducerBuffer
from mode import Service

from app.engine.watermark import Delivery, Watermark
from app.errors import TailraceError

SLICE_S = 0.005
HOLD_POLL_S = 0.05


class DeliveryError(TailraceError):
    """A message could not be produced: nothing after it may be committed."""


class Outgoing(NamedTuple):
    """A message to produce, and who is to know its offset."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    delivery: Delivery
    on_sent: Callable[[int, int], None] | None


Send = Callable[[Outgoing], Awaitable["asyncio.Future[Any]"]]
"""Takes a message. Messages may share a future: it has the offset of the first that got it."""


class Outbox(ProducerBuffer):
    """Replaces Faust's buffer: same service, ordered sending, barriers and fail-stop."""

    def __post_init__(self) -> None:
        """Start empty; `send`, `on_failure` and the limits are set by the producer."""
        super().__post_init__()
        self.marks = Watermark()
        self.failure: DeliveryError | None = None
        self.send: Send | None = None
        self.submit: Callable[[], Awaitable[None]] = _nothing
        self.may_send: Callable[[], bool] = _always
        self.linger_s = 0.0
        self._round_began_s = 0.0
        self.on_failure: Callable[[DeliveryError], None] = _ignore
        self.max_records = 4000
        self.max_bytes = 16 << 20
        self._queue: deque[Outgoing] = deque()
        self._filled = asyncio.Event()
        self._hurry = asyncio.Event()
        self._moved: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._waiting_for_room: list[asyncio.Future[None]] = []

    # -- what handlers call

    def add(
        self,
        topic: str,
        partition: int | None,
        key: bytes | None,
        value: bytes | None,
        on_sent: Callable[[int, int], None] | None = None,
    ) -> None:
        """Queue a message. `on_sent` gets partition and offset when the broker has it.

        Raises: DeliveryError once an earlier delivery has failed.
        """
        if self.failure is not None:
            raise self.failure
        size_bytes = len(key or b"") + len(value or b"") + 64
        delivery = self.marks.start(size_bytes)
        self._queue.append(Outgoing(topic, partition, key, value, delivery, on_sent))
        self._filled.set()

    def put(self, fut: Any) -> None:
        """Queue a message that Faust made; its future gets the result."""
        message = fut.message
        topic = message.channel.get_topic_name()

        def sent(partition: int, offset: int) -> None:
            fut.set_result((topic, partition, offset))

        self.add(topic, message.partition, message.key, message.value, sent)

    @property
    def has_room(self) -> bool:
        """Whether less is outstanding than the limits allow."""
        marks = self.marks
        return (
            marks.outstanding_records < self.max_records
            and marks.outstanding_bytes < self.max_bytes
        )

    async def room(self) -> None:
        """Wait until there is room, or the outbox has failed."""
        while not self.has_room and self.failure is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting_for_room.append(waiter)
            await waiter

    async def barrier(self) -> None:
        """Wait until the broker has everything queued before this call.

        Raises: DeliveryError when one of those, or one before, was lost.
        """
        target = self.marks.queued
        if self.failure is None and self.marks.delivered < target:
            waiter = asyncio.get_running_loop().create_future()
            self._moved.append((target, waiter))
            self._hurry.set()
            await waiter
        if self.failure is not None:
            raise self.failure

    # -- what Faust calls

    async def flush(self) -> None:
        """A barrier, under the name that Faust calls before each commit."""
        await self.barrier()

    async def flush_atmost(self, max_messages: int | None) -> int:
        """Do nothing: back-pressure is `room`, which a stream awaits, not the fetcher."""
        return 0

    async def wait_until_ebb(self) -> None:
        """Do nothing, as `flush_atmost`: the fetcher serves recovery and other topics too."""

    async def on_stop(self) -> None:
        """Leave what is queued: the consumer has committed, nothing more may depend on it."""
        self.close("the producer has stopped")

    def close(self, reason: str) -> None:
        """Send and await nothing any more; whoever waits is told why. Again is harmless."""
        self._fail(DeliveryError(reason), tell=False)

    @property
    def size(self) -> int:
        """Messages not yet handed to the Kafka client."""
        return len(self._queue)

    # -- sending

    @Service.task
    async def _handle_pending(self) -> None:
        while not self.should_stop and self.failure is None:
            await self._filled.wait()
            await self._linger()
            while not self.may_send() and self.failure is None:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(HOLD_POLL_S)
            self._filled.clear()
            try:
                await self._send_round()
            except asyncio.CancelledError:
                raise
            except Exception as exc:  # noqa: BLE001 - mapped: any failed send is a fail-stop
                self._fail(DeliveryError(f"cannot produce: {exc!r}"), cause=exc)

    async def _linger(self) -> None:
        """Until `linger_s` after the last round began: one alone goes at once."""
        left_s = self._round_began_s + self.linger_s - monotonic()
        if self.linger_s and left_s > 0 and not self._moved:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), left_s)
        self._hurry.clear()
        self._round_began_s = monotonic()

    async def _send_round(self) -> None:
        """Send what is queued now, and hand it over as a whole."""
        assert self.send is not None
        yielded_s = monotonic()
        together: dict[asyncio.Future[Any], list[Outgoing]] = {}
        for _ in range(len(self._queue)):
            if self.failure is not None:
                return
            outgoing = self._queue.popleft()
            future = await self.send(outgoing)
            if (sharing := together.get(future)) is not None:
                sharing.append(outgoing)
            else:
                together[future] = [outgoing]
            if monotonic() - yielded_s > SLICE_S:
                await asyncio.sleep(0)
                yielded_s = monotonic()
        for future, sharing in together.items():
            future.add_done_callback(partial(self._ended, sharing))
        await self.submit()

    def _ended(self, sharing: Sequence[Outgoing], future: "asyncio.Future[Any]") -> None:
        if future.cancelled() or (error := future.exception()) is not None:
            cause = None if future.cancelled() else error
            topic = sharing[0].topic
            self._fail(
                DeliveryError(f"the broker did not take a message of {topic}: {cause!r}"),
                cause=cause,
            )
            return
        sent, moved = future.result(), False
        for number, outgoing in enumerate(sharing):
            if outgoing.on_sent is not None:
                outgoing.on_sent(sent.partition, sent.offset + number)
            moved |= self.marks.finish(outgoing.delivery)
        if moved:
            self._release()

    def _release(self) -> None:
        while self._moved and self._moved[0][0] <= self.marks.delivered:
            _wake(self._moved.popleft()[1])
        if self._waiting_for_room and self.has_room:
            waiters, self._waiting_for_room = self._waiting_for_room, []
            for waiter in waiters:
                _wake(waiter)

    def _fail(
        self, failure: DeliveryError, *, cause: BaseException | None = None, tell: bool = True
    ) -> None:
        if self.failure is not None:
            return
        failure.__cause__ = cause
        self.failure = failure
        self._queue.clear()
        for waiter in [*self._waiting_for_room, *(each for _, each in self._moved)]:
            _wake(waiter)
        self._waiting_for_room.clear()
        self._moved.clear()
        if tell:
            self.on_failure(failure)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def _always() -> bool:
    return True


async def _nothing() -> None:
    """What `submit` does where `send` has handed everything over."""


def _ignore(failure: DeliveryError) -> None:
    del failure
