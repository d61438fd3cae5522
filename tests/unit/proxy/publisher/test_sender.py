"""The sender: bodies first, records that are told, and what holds what up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.clock import ManualClock
from app.metrics import Metrics
from app.record.codec import decode_record
from app.record.topics import Topics
from app.tasks import spawn
from proxy.publisher.encoding import body_message, record_message
from proxy.publisher.entry import ENTRY_BYTES, OBJECT_BYTES, Entry
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outlet import Outgoing, Result
from proxy.publisher.queue import PublishQueue
from proxy.publisher.sender import BATCH_RECORDS, HOLD_TRIES, Sender
from tests.support.finished import finished

TOPICS = Topics("t")


class Desk:
    """A sender with an outlet in memory; `offer` encodes at once."""

    def __init__(self) -> None:
        self.drops: list[str] = []
        self.metrics = Metrics()
        self.queue = PublishQueue(1000, 64 << 20, self.drops.append)
        self.outlet = MemoryOutlet()
        self.sender = Sender(
            self.queue,
            self.outlet,
            clock=ManualClock(),
            metrics=self.metrics,
            jitter=lambda: 0.0,
        )

    def offer(self, number: int, body_bytes: int = 0, *, wake: bool = True) -> None:
        self.queue.offer(Entry(finished(number, body_bytes)))
        entry = self.queue.next_raw()
        assert entry is not None
        assert entry.draft is not None
        body = None if entry.bodies is None else body_message(entry.bodies, TOPICS)
        self.queue.store(entry, record_message(entry.draft, TOPICS), body)
        if wake:
            self.sender.wake()

    @property
    def order(self) -> list[str]:
        """The topics of what was taken, in order."""
        return [message.topic for message in self.outlet.taken]


@asynccontextmanager
async def sending(desk: Desk) -> AsyncIterator[None]:
    """The sender at work."""
    task = spawn(desk.sender.run(), name="send")
    yield
    task.cancel()
    await asyncio.wait([task])


async def emptied(desk: Desk) -> None:
    """Wait until nothing is left."""
    while len(desk.queue):
        await desk.sender.progressed()


async def test_bodies_go_before_records() -> None:
    """All bodies of a batch, then all its records."""
    desk = Desk()
    for number in range(2):
        desk.offer(number, 10)
    async with sending(desk):
        await emptied(desk)
    assert desk.order == ["t.bodies"] * 2 + ["t.exchanges"] * 2
    assert desk.queue.bodies_delivered_total == 2


async def test_a_record_waits_for_its_body_and_no_other_one_does() -> None:
    """The body fails once; the exchange without a body passes it."""
    desk = Desk()
    desk.outlet.results.append("retry")
    desk.offer(0, 10)
    desk.offer(1)
    async with sending(desk):
        await emptied(desk)
    assert desk.order == ["t.exchanges", "t.bodies", "t.exchanges"]
    assert decode_record(desk.outlet.taken[0].value).sequence == 1


async def test_a_record_does_not_wait_for_its_body_for_ever() -> None:
    """Records come before bodies: the body is tried on when its record is out."""
    desk = Desk()
    desk.outlet.down_topics.add("t.bodies")
    desk.offer(0, 10)
    async with sending(desk):
        while not desk.outlet.taken:
            await desk.sender.progressed()
        assert desk.outlet.batches == HOLD_TRIES + 1
        assert len(desk.queue) == 1
        assert not desk.sender.is_direct
        desk.outlet.down_topics.clear()
        await emptied(desk)
    assert desk.order == ["t.exchanges", "t.bodies"]


async def test_a_record_is_told_of_a_body_lost_after_its_encoding() -> None:
    """Dropped while the broker was away; the record says so when it goes."""
    desk = Desk()
    desk.offer(0, 10)
    desk.queue._max_bytes = desk.queue.bytes + ENTRY_BYTES + OBJECT_BYTES - 1
    desk.offer(1)
    assert desk.drops == ["body_overflow"]
    desk.outlet.results.append("retry")
    async with sending(desk):
        await emptied(desk)
    told = [decode_record(message.value) for message in desk.outlet.on("t.exchanges")]
    assert {record.sequence: record.response_body for record in told} == {0: "dropped", 1: "empty"}
    assert desk.outlet.on("t.bodies") == []


async def test_a_refused_body_is_told_to_its_record() -> None:
    """In the same batch: the record is not out yet."""
    desk = Desk()
    desk.outlet.results.append("refused")
    desk.offer(0, 10)
    async with sending(desk):
        await emptied(desk)
    (message,) = desk.outlet.taken
    assert decode_record(message.value).response_body == "dropped"
    assert desk.drops == ["body_refused"]


async def test_each_message_of_a_batch_has_its_own_result() -> None:
    """Of the bodies one is delivered, one refused and one tried again; so of the records then."""
    desk = Desk()
    desk.outlet.results.extend(["delivered", "refused", "retry"])
    desk.outlet.results.extend(["refused", "delivered"])
    for number in range(3):
        desk.offer(number, 10)
    async with sending(desk):
        await emptied(desk)
    assert desk.order == ["t.bodies", "t.exchanges", "t.bodies", "t.exchanges"]
    told = [decode_record(message.value) for message in desk.outlet.on("t.exchanges")]
    assert [(record.sequence, record.response_body) for record in told] == [
        (1, "dropped"),
        (2, "kept"),
    ]
    assert desk.drops == ["body_refused", "refused"]
    assert (desk.queue.delivered_total, desk.queue.bodies_delivered_total) == (2, 2)


async def test_a_cancelled_batch_waits_again() -> None:
    """Nothing is in hand after the sender's end."""
    desk = Desk()
    hanging = asyncio.Event()

    async def hang(batch: object) -> list[object]:
        hanging.set()
        await asyncio.Event().wait()
        return [batch]

    desk.outlet.deliver = hang  # type: ignore[method-assign,assignment]
    desk.offer(0)
    async with sending(desk):
        await hanging.wait()
        assert desk.queue.in_hand == 1
    assert desk.queue.in_hand == 0
    assert desk.queue.is_sendable


async def test_batches_are_timed_and_messages_counted() -> None:
    """One batch of bodies and one of records."""
    desk = Desk()
    desk.offer(0, 10)
    async with sending(desk):
        await emptied(desk)
    value = desk.metrics.registry.get_sample_value
    assert value("tailrace_delivery_seconds_count") == 2
    assert value("tailrace_produced_total", {"topic": "t.exchanges"}) == 1
    assert value("tailrace_produced_total", {"topic": "t.bodies"}) == 1


async def test_all_that_waits_is_sent_and_takes_along_what_came_meanwhile() -> None:
    """Several batches, one call."""
    desk, sizes = Desk(), list[int]()
    deliver = desk.outlet.deliver

    async def answer_late(batch: Sequence[Outgoing]) -> list[Result]:
        sizes.append(len(batch))
        if len(sizes) == 1:
            # Encoded before they are offered, as small ones are; nobody tells of them yet.
            for number in range(BATCH_RECORDS + 3, BATCH_RECORDS + 6):
                desk.offer(number, wake=False)
        return await deliver(batch)

    desk.outlet.deliver = answer_late  # type: ignore[method-assign]
    for number in range(BATCH_RECORDS + 3):
        desk.offer(number)
    async with sending(desk):
        await emptied(desk)
    assert sizes == [BATCH_RECORDS, 6]


async def test_what_is_offered_during_a_delivery_is_gathered_until_the_next_call() -> None:
    """One batch of many instead of a small one after each answer."""
    desk, sizes = Desk(), list[int]()
    deliver = desk.outlet.deliver

    async def answer_late(batch: Sequence[Outgoing]) -> list[Result]:
        sizes.append(len(batch))
        if len(sizes) == 1:
            desk.offer(1, wake=False)
            desk.offer(2, wake=False)
        return await deliver(batch)

    desk.outlet.deliver = answer_late  # type: ignore[method-assign]
    async with sending(desk):
        await desk.sender.progressed()
        desk.offer(0)
        await asyncio.sleep(0.01)
        assert (sizes, len(desk.queue)) == ([1], 2)
        desk.sender.wake()
        await emptied(desk)
    assert sizes == [1, 2]
