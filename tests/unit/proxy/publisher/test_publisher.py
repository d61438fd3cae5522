"""The publisher over the in-memory outlet: delivered, retried, refused, drained."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.clock import ManualClock
from app.metrics import Metrics
from app.record.body_codec import decode_bodies
from app.record.codec import decode_record
from app.record.topics import Topics
from proxy.publisher.failover import Times
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from proxy.publisher.publisher import Bounds, Publisher
from tests.support.finished import finished
from tests.support.ways import Hanging, Ways

TOPICS = Topics("t")


class Stand:
    """A publisher, its outlet and its metrics."""

    def __init__(self, max_records: int = 1000, max_bytes: int = 64 << 20) -> None:
        self.outlet = MemoryOutlet()
        self.metrics = Metrics()
        self.publisher = Publisher(
            self.outlet,
            TOPICS,
            producer_id="p",
            bounds=Bounds(max_records, max_bytes),
            clock=ManualClock(),
            metrics=self.metrics,
        )

    def sequences(self) -> list[int]:
        """Of the records that were delivered, in order."""
        return [decode_record(message.value).sequence for message in self.outlet.on("t.exchanges")]

    def count(self, name: str, **labels: str) -> float:
        """A metric's value."""
        return self.metrics.registry.get_sample_value(f"tailrace_{name}", labels) or 0.0


@asynccontextmanager
async def publishing(**bounds: int) -> AsyncIterator[Stand]:
    """A started publisher, closed at the end."""
    stand = Stand(**bounds)
    await stand.publisher.start()
    yield stand
    await stand.publisher.close(5)


async def until(condition: object, patience_s: float = 10) -> None:
    """Wait until a callable answers true."""
    assert callable(condition)
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.005)


async def test_record_and_body_go_under_their_keys() -> None:
    """The record under `tenant|user`, the bodies under the request id, both readable."""
    async with publishing() as stand:
        exchange = finished(7, 100)
        stand.publisher.offer(exchange)
        await until(lambda: not len(stand.publisher.queue))
    (record,), (body,) = stand.outlet.on("t.exchanges"), stand.outlet.on("t.bodies")
    assert record.key == b"default|alice"
    assert decode_record(record.value) == exchange.record
    assert body.key == exchange.record.request_id.encode()
    assert decode_bodies(body.value) == exchange.bodies
    assert stand.count("produced_total", topic="t.exchanges") == 1
    assert stand.count("produced_total", topic="t.bodies") == 1


async def test_what_is_offered_before_the_start_is_kept() -> None:
    """A process relays before its publisher runs."""
    stand = Stand()
    stand.publisher.offer(finished(0))
    await stand.publisher.start()
    await stand.publisher.close(5)
    assert stand.sequences() == [0]


async def test_a_broker_that_is_away_loses_nothing() -> None:
    """Down, then up: everything arrives once, in order, and the state says which it was."""
    async with publishing() as stand:
        stand.outlet.down = True
        for number in range(20):
            stand.publisher.offer(finished(number, 10))
        await until(lambda: stand.publisher.state == "retrying")
        stand.outlet.down = False
        await until(lambda: stand.publisher.state == "direct")
        await until(lambda: not len(stand.publisher.queue))
    assert stand.sequences() == list(range(20))
    assert len(stand.outlet.on("t.bodies")) == 20


async def test_only_what_failed_is_sent_again() -> None:
    """Of three messages the second is not acknowledged at first."""
    async with publishing() as stand:
        stand.outlet.results.extend(["delivered", "retry", "delivered"])
        for number in range(3):
            stand.publisher.offer(finished(number))
        await until(lambda: not len(stand.publisher.queue))
    assert stand.sequences() == [0, 2, 1]


async def test_a_refused_record_takes_no_neighbour_with_it() -> None:
    """It is dropped and counted, the others arrive."""
    async with publishing() as stand:
        stand.outlet.results.extend(["delivered", "refused", "delivered"])
        for number in range(3):
            stand.publisher.offer(finished(number))
        await until(lambda: not len(stand.publisher.queue))
    assert stand.sequences() == [0, 2]
    assert stand.count("dropped_total", reason="refused") == 1


async def test_a_refused_body_leaves_its_record() -> None:
    """The broker does not want the body; the record is out already or goes out."""
    async with publishing() as stand:
        stand.outlet.results.extend(["refused", "delivered"])
        stand.publisher.offer(finished(0, 50))
        await until(lambda: not len(stand.publisher.queue))
    assert stand.sequences() == [0]
    assert stand.outlet.on("t.bodies") == []
    assert stand.count("dropped_total", reason="body_refused") == 1


async def test_overflow_is_counted_and_the_account_adds_up() -> None:
    """offered = delivered + dropped, once nothing waits any more."""
    async with publishing(max_records=10) as stand:
        stand.outlet.down = True
        for number in range(50):
            stand.publisher.offer(finished(number))
        assert len(stand.publisher.queue) == 10
        assert stand.count("queued_records") == 10
        stand.outlet.down = False
        await until(lambda: not len(stand.publisher.queue))
    assert len(stand.sequences()) + stand.count("dropped_total", reason="overflow") == 50


async def test_closing_publishes_what_waits_and_counts_what_it_cannot() -> None:
    """With the broker up all goes out; with it down the rest is `shutdown`."""
    up = Stand()
    await up.publisher.start()
    for number in range(5):
        up.publisher.offer(finished(number))
    await up.publisher.close(5)
    assert up.sequences() == list(range(5))
    assert up.publisher.state == "stopped"
    assert up.outlet.closed

    down = Stand()
    down.outlet.down = True
    await down.publisher.start()
    for number in range(5):
        down.publisher.offer(finished(number))
    await down.publisher.close(0.05)
    down.publisher.offer(finished(5))
    assert down.count("dropped_total", reason="shutdown") == 6


async def test_sequences_have_no_gaps() -> None:
    """Each stamp is the next one of this producer."""
    stand = Stand()
    stamps = [stand.publisher.stamp("default") for _ in range(3)]
    assert [stamp.sequence for stamp in stamps] == [0, 1, 2]
    assert {stamp.producer_id for stamp in stamps} == {"p"}


async def test_at_boot_the_state_is_retrying_until_the_way_out_works() -> None:
    """Nothing was offered yet; the metric has one state at a time."""
    stand = Stand()
    stand.outlet.down = True
    await stand.publisher.start()
    for _ in range(5):
        await asyncio.sleep(0)
    assert stand.publisher.state == "retrying"
    assert stand.count("publisher_state", state="retrying") == 1
    stand.outlet.down = False
    await until(lambda: stand.publisher.state == "direct")
    assert stand.count("publisher_state", state="retrying") == 0
    assert stand.count("publisher_state", state="direct") == 1
    await stand.publisher.close(5)
    assert stand.count("publisher_state", state="stopped") == 1


async def test_notes_are_counted_and_offers_too() -> None:
    """One of each."""
    stand = Stand()
    stand.publisher.offer(replace(finished(0), notes=("capture_failed", "user_too_long")))
    assert stand.count("offered_total") == 1
    assert stand.count("capture_notes_total", note="user_too_long") == 1
    assert stand.count("queued_records") == 1
    assert stand.count("queued_bytes") > 1000
    await stand.publisher.close(5)
    assert stand.count("dropped_total", reason="shutdown") == 1


async def test_a_fault_of_ours_in_a_task_is_not_its_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An outlet that raises, against its contract: logged, and everything still arrives."""
    monkeypatch.setattr("proxy.publisher.publisher.RESTART_S", 0.0)
    async with publishing() as stand:
        deliver, faults = stand.outlet.deliver, [ValueError("a bug")]

        async def faulty(batch: Sequence[Outgoing]) -> list[Result]:
            if faults:
                raise faults.pop()
            return await deliver(batch)

        stand.outlet.deliver = faulty  # type: ignore[method-assign]
        for number in range(3):
            stand.publisher.offer(finished(number, 10))
        await until(lambda: not len(stand.publisher.queue))
    assert stand.sequences() == [0, 1, 2]
    assert "the publisher failed" in caplog.text


async def test_the_state_is_that_of_the_way_taken_and_closing_spills_in_a_hurry() -> None:
    """A broker that hangs has half of the time; what it held is on the disk, none is dropped."""
    ways, metrics = Ways(broker=Hanging(), times=Times(broker_patience_s=3600)), Metrics()
    publisher = Publisher(
        ways.outlet,
        TOPICS,
        producer_id="p",
        bounds=Bounds(1000, 64 << 20),
        clock=ManualClock(),
        metrics=metrics,
    )
    await publisher.start()
    await until(lambda: publisher.state == "direct")
    for number in range(5):
        publisher.offer(finished(number, 10))
    await publisher.close(0.1)
    assert len(ways.kept) == 10
    assert publisher.queue.dropped == {}
    assert publisher.state == "stopped"

    spilling = Ways()
    spilling.broker.down = True
    publisher = Publisher(
        spilling.outlet,
        TOPICS,
        producer_id="p",
        bounds=Bounds(1000, 64 << 20),
        clock=ManualClock(),
        metrics=Metrics(),
    )
    await publisher.start()
    await until(lambda: publisher.state == "spilling")
    await publisher.close(5)
