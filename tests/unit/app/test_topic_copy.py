"""Another prefix's messages, copied to where their keys belong among other partitions."""

import pytest

from app.errors import Unavailable
from app.record.topics import TopicSpec
from app.topic_admin import ensure_topics
from app.topic_copy import copy_topic
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.processes import free_port
from tests.support.produce import produce_raw


async def made(broker: KafkaBroker, name: str, partitions: int) -> dict[str, str]:
    connection = {"bootstrap_servers": broker.bootstrap_servers}
    spec = TopicSpec(name, partitions)
    await ensure_topics([spec], partitions=1, replication_factor=1, connection=connection)
    return connection


@pytest.mark.kafka
async def test_keys_values_and_times_are_kept(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    old, new = f"{topic_prefix}.old", f"{topic_prefix}.new"
    connection = await made(kafka_broker, old, 2)
    await made(kafka_broker, new, 5)
    sent = [(b"key-%d" % (number % 40), b"%d" % number) for number in range(1200)]
    await produce_raw(kafka_broker.bootstrap_servers, old, sent)
    assert await copy_topic(old, new, connection) == len(sent)
    before, after = [
        await consume_all(kafka_broker.bootstrap_servers, topic) for topic in (old, new)
    ]
    assert {(m.key, m.value, m.timestamp) for m in after} == {
        (m.key, m.value, m.timestamp) for m in before
    }
    assert len({m.partition for m in after}) == 5
    by_key: dict[bytes, list[int]] = {}
    for message in after:
        by_key.setdefault(message.key, []).append(int(message.value))
    assert all(values == sorted(values) for values in by_key.values())


@pytest.mark.kafka
async def test_entries_of_one_kind(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    old, new = f"{topic_prefix}.old", f"{topic_prefix}.new"
    connection = await made(kafka_broker, old, 1)
    await made(kafka_broker, new, 1)
    sent = [(b"access_key/a", b"1"), (b"webhook_endpoint/b", b"2"), (b"odd", b"3"), (None, b"4")]
    await produce_raw(kafka_broker.bootstrap_servers, old, sent)
    assert await copy_topic(old, new, connection, kind="access_key") == 1
    (found,) = await consume_all(kafka_broker.bootstrap_servers, new)
    assert (found.key, found.value) == sent[0]


async def test_without_a_broker_it_is_unavailable() -> None:
    connection = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    with pytest.raises(Unavailable):
        await copy_topic("old", "new", connection)
