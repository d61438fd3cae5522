"""The encoder: all of a queue, what it cannot encode, and threads for large bodies."""

import asyncio
import random
import threading
from dataclasses import replace

import pytest

from app.errors import RecordError
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.codec import decode_record
from app.record.draft import Draft
from app.record.model import Record
from app.record.topics import Topics
from app.tasks import spawn
from proxy.exchange import Finished
from proxy.publisher import encoder as module
from proxy.publisher.encoder import IN_THREAD_FROM_BYTES, Encoder
from proxy.publisher.encoding import MAX_MESSAGE_BYTES
from proxy.publisher.entry import Entry
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.queue import PublishQueue
from tests.support.finished import finished


class Desk:
    """An encoder over a queue, and what it told."""

    def __init__(self, max_bytes: int = 64 << 20) -> None:
        self.drops: list[str] = []
        self.queue = PublishQueue(1000, max_bytes, self.drops.append)
        self.observed: list[Draft] = []
        self.wakes = 0
        self.encoder = Encoder(
            self.queue, Topics(), observe=self.observed.append, on_encoded=self._woken
        )

    def _woken(self) -> None:
        self.wakes += 1

    async def encode(self) -> list[Entry]:
        """Run until nothing is left to encode; what can be sent then."""
        task = spawn(self.encoder.run(), name="encode")
        await self.encoded()
        task.cancel()
        await asyncio.wait([task])
        return self.queue.take(1000, 1 << 40)

    async def encoded(self) -> None:
        """Wait until nothing is left to encode."""
        while not all(entry.is_encoded for entry in self.queue._waiting):
            await asyncio.sleep(0.001)


def records(entries: list[Entry]) -> list[Record]:
    """The records of encoded entries."""
    return [decode_record(entry.message.value) for entry in entries if entry.message is not None]


def with_noise(size_bytes: int) -> Finished:
    """An exchange with a body that does not compress."""
    exchange = finished(0, 1)
    assert exchange.bodies is not None
    part = BodyPart("x/y", "", random.Random(1).randbytes(size_bytes))
    return replace(exchange, bodies=replace(exchange.bodies, response=part))


async def test_everything_offered_is_encoded_in_order_and_observed_once() -> None:
    """More than a slice, with and without bodies."""
    desk = Desk()
    exchanges = [finished(number, 3_000 * (number % 2)) for number in range(60)]
    for exchange in exchanges:
        desk.queue.offer(Entry(exchange))
    entries = await desk.encode()
    assert records(entries) == [exchange.record for exchange in exchanges]
    assert [entry.body is not None for entry in entries] == [False, True] * 30
    assert [each.record() for each in desk.observed] == [exchange.record for exchange in exchanges]
    assert desk.wakes > 1


async def test_what_is_small_is_encoded_before_it_is_offered() -> None:
    """And observed then, not once more by the task; what is large is left to that."""
    desk = Desk()
    exchanges = [finished(0), finished(1, 3_000), with_noise(IN_THREAD_FROM_BYTES)]
    for exchange in exchanges:
        entry = Entry(exchange)
        desk.encoder.encode_small(entry)
        desk.queue.offer(entry)
    assert len(desk.observed) == 2
    assert records(desk.queue.take(9, 1 << 20)) == [each.record for each in exchanges[:2]]
    assert records(await desk.encode()) == [exchanges[2].record]
    assert len(desk.observed) == 3


@pytest.mark.interpreted
async def test_what_cannot_be_encoded_at_once_is_refused_by_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The record alone, or a body whose record stays."""

    def failing(*_: object) -> Outgoing:
        raise RecordError("invalid", "x")

    monkeypatch.setattr(module, "body_message", failing)
    desk = Desk()
    broken = finished(0)
    broken = replace(broken, draft=broken.draft.changed(error="\ud800"))
    for exchange in (broken, finished(1, 10), finished(2)):
        entry = Entry(exchange)
        desk.encoder.encode_small(entry)
        desk.queue.offer(entry)
    assert (desk.drops, len(desk.observed)) == ([], 1)
    assert [record.response_body for record in records(await desk.encode())] == ["dropped", "empty"]
    assert desk.drops == ["refused", "body_refused"]
    assert len(desk.observed) == 3


async def test_it_goes_on_when_more_is_offered() -> None:
    """Woken after it had nothing to do."""
    desk = Desk()
    task = spawn(desk.encoder.run(), name="encode")
    for number in range(3):
        desk.queue.offer(Entry(finished(number)))
        desk.encoder.wake()
        await desk.encoded()
    task.cancel()
    await asyncio.wait([task])
    assert len(records(desk.queue.take(9, 1 << 20))) == 3


async def test_a_body_too_large_is_dropped_and_its_record_says_so() -> None:
    """Known before the record is written."""
    desk = Desk()
    desk.queue.offer(Entry(with_noise(MAX_MESSAGE_BYTES + 1000)))
    (record,) = records(await desk.encode())
    assert (record.response_body, record.request_body) == ("too_large", "empty")
    assert record.body_ref is None
    assert desk.drops == ["body_too_large"]


@pytest.mark.interpreted
@pytest.mark.parametrize("error", [RecordError("invalid", "x"), MemoryError("x")])
async def test_a_body_that_cannot_be_encoded_leaves_its_record(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever is wrong with it."""

    def failing(*_: object) -> Outgoing:
        raise error

    monkeypatch.setattr(module, "body_message", failing)
    desk = Desk()
    desk.queue.offer(Entry(finished(0, 10)))
    (record,) = records(await desk.encode())
    assert record.response_body == "dropped"
    assert desk.drops == ["body_refused"]


async def test_a_record_that_cannot_be_encoded_takes_no_neighbour_with_it() -> None:
    """It is refused; its body goes as well."""
    desk = Desk()
    broken = finished(0, 10)
    broken = replace(broken, draft=broken.draft.changed(error="\ud800"))
    for exchange in (broken, finished(1), finished(2)):
        desk.queue.offer(Entry(exchange))
    assert [record.sequence for record in records(await desk.encode())] == [1, 2]
    assert desk.drops == ["body_refused", "refused"]


async def test_large_bodies_are_compressed_in_a_thread_and_may_be_dropped_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The relay goes on, and what it adds displaces the body in the thread."""
    begun, go_on, real = threading.Event(), threading.Event(), module.body_message

    def slow(bodies: BodyEnvelope, topics: Topics) -> Outgoing:
        begun.set()
        assert go_on.wait(10)
        return real(bodies, topics)

    monkeypatch.setattr(module, "body_message", slow)
    desk = Desk(max_bytes=IN_THREAD_FROM_BYTES + 20_000)
    desk.queue.offer(Entry(with_noise(IN_THREAD_FROM_BYTES)))
    encoding = spawn(desk.encode(), name="desk")
    while not begun.is_set():
        await asyncio.sleep(0.001)
    desk.queue.offer(Entry(finished(1)))
    desk.queue.offer(Entry(finished(2)))
    assert desk.drops == ["body_overflow"]
    go_on.set()
    first, *others = records(await encoding)
    assert first.response_body == "dropped"
    assert first.body_ref is None
    assert [record.sequence for record in others] == [1, 2]
    assert desk.drops == ["body_overflow"]
