"""What every outlet must do: the in-memory twin, the broker's, and the choice between several."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.partitioning import partition_of
from app.record.topics import Topics, TopicSpec
from app.tasks import spawn
from proxy.publisher.kafka_outlet import FAILURES_BEFORE_ANEW, KafkaOutlet
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Outlet
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.ways import Ways

Arrived = Callable[[], Awaitable[list[tuple[bytes, bytes]]]]
Stand = tuple[Outlet, str, Arrived]


@pytest.fixture(params=["memory", "failover", pytest.param("kafka", marks=pytest.mark.kafka)])
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    """An outlet, a topic it can write to, and what arrived there."""
    if request.param != "kafka":
        memory = MemoryOutlet()
        outlet: Outlet = memory
        if request.param == "failover":
            outlet = Ways(broker=memory).outlet

        async def taken() -> list[tuple[bytes, bytes]]:
            return [(message.key, message.value) for message in memory.taken]

        yield outlet, "topic", taken
        await outlet.close()
        return
    broker: KafkaBroker = request.getfixturevalue("kafka_broker")
    topic: str = request.getfixturevalue("topic_prefix")
    await broker.create_topics([TopicSpec(topic, 1, {"max.message.bytes": "100000"})])
    outlet = KafkaOutlet({"bootstrap_servers": broker.bootstrap_servers}, request_timeout_s=5)

    async def consumed() -> list[tuple[bytes, bytes]]:
        messages = await consume_all(broker.bootstrap_servers, topic)
        return [(message.key, message.value) for message in messages]

    yield outlet, topic, consumed
    await outlet.close()


async def test_an_empty_batch_has_no_results(stand: Stand) -> None:
    """Nothing in, nothing out."""
    outlet, _, arrived = stand
    assert await outlet.deliver([]) == []
    assert await arrived() == []


async def test_each_message_has_its_result_and_arrives_in_order(stand: Stand) -> None:
    """Keys and values as they were."""
    outlet, topic, arrived = stand
    batch = [Outgoing(topic, b"k%d" % number, b"v" * number) for number in range(50)]
    assert await outlet.deliver(batch) == ["delivered"] * 50
    assert await arrived() == [(message.key, message.value) for message in batch]


async def test_a_batch_twice_arrives_twice(stand: Stand) -> None:
    """An outlet removes no duplicates; the table `seen` does."""
    outlet, topic, arrived = stand
    batch = [Outgoing(topic, b"k", b"v")]
    await outlet.deliver(batch)
    await outlet.deliver(batch)
    assert len(await arrived()) == 2


async def test_starting_says_that_it_works_and_again_is_harmless(stand: Stand) -> None:
    """Before and after a delivery."""
    outlet, topic, _ = stand
    assert await outlet.start()
    assert await outlet.deliver([Outgoing(topic, b"k", b"v")]) == ["delivered"]
    assert await outlet.start()


async def test_closing_twice_is_harmless(stand: Stand) -> None:
    """Also before anything was delivered."""
    outlet, _, _ = stand
    await outlet.close()
    await outlet.close()


@pytest.mark.kafka
async def test_one_message_too_large_takes_no_neighbour_with_it(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """The topic takes less than the producer: the broker refuses one batch, not the next."""
    await kafka_broker.create_topics([TopicSpec(topic_prefix, 1, {"max.message.bytes": "100000"})])
    outlet = KafkaOutlet({"bootstrap_servers": kafka_broker.bootstrap_servers}, request_timeout_s=5)
    large = Outgoing(topic_prefix, b"large", b"x" * 300_000)
    huge = Outgoing(topic_prefix, b"huge", b"x" * (10 << 20))
    small = Outgoing(topic_prefix, b"small", b"x")
    results = [*await outlet.deliver([small, huge]), *await outlet.deliver([large])]
    results += await outlet.deliver([small])
    await outlet.close()
    assert results == ["delivered", "refused", "refused", "delivered"]


@pytest.mark.kafka
async def test_a_batch_refused_for_its_size_is_split(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """The producer fills batches beyond what the topic takes: each message is tried alone."""
    await kafka_broker.create_topics([TopicSpec(topic_prefix, 1, {"max.message.bytes": "30000"})])
    outlet = KafkaOutlet({"bootstrap_servers": kafka_broker.bootstrap_servers}, request_timeout_s=5)
    sizes = [10_000, 10_000, 50_000, 10_000, 10_000]
    batch = [Outgoing(topic_prefix, b"k", b"x" * size) for size in sizes]
    results = await outlet.deliver(batch)
    await outlet.close()
    arrived = await consume_all(kafka_broker.bootstrap_servers, topic_prefix)
    assert results == ["delivered", "delivered", "refused", "delivered", "delivered"]
    assert [len(message.value) for message in arrived] == [10_000] * 4


@pytest.mark.kafka
async def test_a_topic_that_is_missing_holds_up_no_other(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """It is a retry, and delivered once the topic is there."""
    await kafka_broker.create_topics([TopicSpec(topic_prefix, 1)])
    late = f"{topic_prefix}.late"
    outlet = KafkaOutlet({"bootstrap_servers": kafka_broker.bootstrap_servers}, request_timeout_s=5)
    batch = [Outgoing(late, b"k", b"v"), Outgoing(topic_prefix, b"k", b"v")]
    assert await outlet.deliver(batch) == ["retry", "delivered"]
    await kafka_broker.create_topics([TopicSpec(late, 1)])
    assert await outlet.deliver(batch[:1]) == ["delivered"]
    await outlet.close()


async def test_no_broker_is_a_retry_in_bounded_time() -> None:
    """Nobody listens there; and nothing is left open."""
    outlet = KafkaOutlet({"bootstrap_servers": "127.0.0.1:1"}, request_timeout_s=1)
    assert not await outlet.start()
    assert await outlet.deliver([Outgoing("t", b"k", b"v")]) == ["retry"]
    await outlet.close()


@pytest.mark.kafka
@pytest.mark.slow
async def test_a_broker_that_dies_and_comes_back(own_kafka_broker: KafkaBroker) -> None:
    """Killed between two batches: retries until it is back, by a producer made anew."""
    await own_kafka_broker.create_topics([TopicSpec("t", 1)])
    servers = own_kafka_broker.bootstrap_servers
    outlet = KafkaOutlet({"bootstrap_servers": servers}, request_timeout_s=2)
    message = Outgoing("t", b"k", b"v")
    assert await outlet.deliver([message]) == ["delivered"]
    assert await outlet.start()
    own_kafka_broker.kill()
    assert not await outlet.start()
    for _ in range(FAILURES_BEFORE_ANEW + 1):
        assert await outlet.deliver([message]) == ["retry"]
    own_kafka_broker.start()
    result = ["retry"]
    for _ in range(10):
        if (result := list(await outlet.deliver([message]))) == ["delivered"]:
            break
    await outlet.close()
    assert result == ["delivered"]


@pytest.mark.kafka
async def test_a_delivery_that_is_given_up_leaves_nothing_behind(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """Its futures are cancelled; the producer goes on, for several deliveries at a time."""
    await kafka_broker.create_topics([TopicSpec(topic_prefix, 1)])
    outlet = KafkaOutlet({"bootstrap_servers": kafka_broker.bootstrap_servers}, request_timeout_s=5)
    batch = [Outgoing(topic_prefix, b"k", b"v" * 1000)] * 50
    # Given up while it connects, aiokafka would leave its connection to the garbage collector.
    assert await outlet.start()
    given_up = spawn(outlet.deliver(batch), name="given-up")
    others = [spawn(outlet.deliver(batch), name="other") for _ in range(3)]
    for _ in range(20):
        await asyncio.sleep(0)
    given_up.cancel()
    assert await asyncio.gather(*others) == [["delivered"] * 50] * 3
    await outlet.close()
    assert given_up.cancelled()


@pytest.mark.kafka
async def test_bodies_share_a_partition_and_records_lie_where_their_keys_belong(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """Of one delivery; all keys are kept."""
    topics = Topics(topic_prefix)
    await kafka_broker.create_topics([TopicSpec(topics.bodies, 8), TopicSpec(topics.exchanges, 8)])
    outlet = KafkaOutlet({"bootstrap_servers": kafka_broker.bootstrap_servers}, request_timeout_s=5)
    keys = [b"k%d" % number for number in range(60)]
    batch = [
        Outgoing(topic, key, b"v") for topic in (topics.bodies, topics.exchanges) for key in keys
    ]
    assert await outlet.deliver(batch) == ["delivered"] * 120
    await outlet.close()
    bodies = await consume_all(kafka_broker.bootstrap_servers, topics.bodies)
    records = await consume_all(kafka_broker.bootstrap_servers, topics.exchanges)
    assert [message.key for message in bodies] == keys
    assert len({message.partition for message in bodies}) == 1
    assert {message.key: message.partition for message in records} == {
        key: partition_of(key, 8) for key in keys
    }
