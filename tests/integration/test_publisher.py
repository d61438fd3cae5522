"""The publisher on a real broker: away at boot, killed under load, and gone while a queue fills."""

import asyncio
from collections import Counter

import pytest

from app.clock import SystemClock
from app.metrics import Metrics
from app.record.body_codec import decode_bodies
from app.record.codec import decode_record
from app.record.topics import Topics
from proxy.publisher.kafka_outlet import KafkaOutlet
from proxy.publisher.publisher import Bounds, Publisher
from tests.support.consume import consume_all
from tests.support.finished import finished
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(150)]
TOPICS = Topics("p")


def publisher(broker: KafkaBroker, bounds: Bounds | None = None) -> Publisher:
    """A publisher to a broker, with short times."""
    outlet = KafkaOutlet({"bootstrap_servers": broker.bootstrap_servers}, request_timeout_s=2)
    return Publisher(
        outlet,
        TOPICS,
        producer_id="p",
        bounds=bounds or Bounds(100_000, 256 << 20),
        clock=SystemClock(),
        metrics=Metrics(),
    )


async def arrived(broker: KafkaBroker) -> tuple[Counter[int], Counter[str]]:
    """How often each sequence and each body arrived."""
    servers = broker.bootstrap_servers
    records = [decode_record(m.value) for m in await consume_all(servers, TOPICS.exchanges)]
    bodies = [decode_bodies(m.value) for m in await consume_all(servers, TOPICS.bodies)]
    return (
        Counter(record.sequence for record in records),
        Counter(envelope.request_id for envelope in bodies),
    )


async def emptied(taker: Publisher) -> None:
    """Wait until nothing is left to publish."""
    while len(taker.queue):
        await asyncio.sleep(0.05)


async def test_a_broker_that_comes_after_us_gets_everything(own_kafka_broker: KafkaBroker) -> None:
    """Stopped while we boot and queue, then started."""
    await own_kafka_broker.create_topics(TOPICS.specs())
    own_kafka_broker.stop()
    taker = publisher(own_kafka_broker)
    await taker.start()
    for number in range(500):
        taker.offer(finished(number, 100 * (number % 2)))
    await asyncio.sleep(1)
    assert taker.state == "retrying"
    await asyncio.to_thread(own_kafka_broker.start)
    await emptied(taker)
    assert taker.state == "direct"
    await taker.close(5)
    records, bodies = await arrived(own_kafka_broker)
    assert records.keys() == set(range(500))
    assert len(bodies) == 250


async def test_a_broker_killed_under_load_loses_nothing(own_kafka_broker: KafkaBroker) -> None:
    """Twice, while exchanges keep coming; what is sent twice is allowed."""
    await own_kafka_broker.create_topics(TOPICS.specs())
    taker = publisher(own_kafka_broker)
    await taker.start()
    offered = 0
    for _ in range(2):
        for _ in range(400):
            taker.offer(finished(offered, 2_000 * (offered % 2)))
            offered += 1
            await asyncio.sleep(0.001)
        await asyncio.to_thread(own_kafka_broker.kill)
        for _ in range(1_500):
            taker.offer(finished(offered, 2_000 * (offered % 2)))
            offered += 1
            await asyncio.sleep(0.002)
        await asyncio.to_thread(own_kafka_broker.start)
    await emptied(taker)
    await taker.close(5)
    records, bodies = await arrived(own_kafka_broker)
    assert records.keys() == set(range(offered))
    assert len(bodies) == offered // 2
    assert taker.queue.dropped == {}


async def test_what_overflows_is_counted_to_the_last_one(own_kafka_broker: KafkaBroker) -> None:
    """offered = delivered + dropped, of records and of bodies; no record promises a lost body."""
    await own_kafka_broker.create_topics(TOPICS.specs())
    own_kafka_broker.stop()
    taker = publisher(own_kafka_broker, Bounds(300, 500_000))
    await taker.start()
    for number in range(1_000):
        taker.offer(finished(number, 5_000))
        await asyncio.sleep(0)
    await asyncio.to_thread(own_kafka_broker.start)
    await emptied(taker)
    await taker.close(5)
    records, bodies = await arrived(own_kafka_broker)
    queue = taker.queue
    assert queue.dropped["overflow"] > 0
    assert len(records) == queue.delivered_total == 1_000 - queue.dropped_records_total
    assert len(bodies) == queue.bodies_delivered_total == 1_000 - queue.dropped["body_overflow"]
    messages = await consume_all(own_kafka_broker.bootstrap_servers, TOPICS.exchanges)
    promised = {
        record.request_id
        for record in (decode_record(message.value) for message in messages)
        if record.body_ref is not None
    }
    assert promised == bodies.keys()
