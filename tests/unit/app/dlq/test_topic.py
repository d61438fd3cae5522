"""Letters on Apache Kafka: read as they are, sent again with their attempts, noted."""

import pytest

from app.dlq.topic import LetterTopic
from app.errors import Unavailable
from app.record.codec import encode_dead_letter
from app.record.dead_letter import Origin
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.letters import letter
from tests.support.produce import produce_raw


@pytest.mark.kafka
async def test_read_sent_and_noted(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    topics, servers = Topics(topic_prefix), kafka_broker.bootstrap_servers
    await kafka_broker.create_topics(topics.specs())
    origin = Origin(topic=topics.exchanges, partition=0, offset=1, epoch="e")
    messages = [
        (b"k", encode_dead_letter(letter(origin=origin, attempt=n, raw_value=b"%d" % n)))
        for n in range(3)
    ]
    await produce_raw(servers, topics.dead_letters, [*messages, (b"k", b"not a letter")])
    letters = LetterTopic(topics, {"bootstrap_servers": servers})
    found = [each async for each in letters.letters()]
    assert [(each.letter.attempt, each.replayed) for each in found] == [
        (n, False) for n in range(3)
    ]
    await letters.send_again(found[1:])
    assert [each.replayed async for each in letters.letters()] == [False, True, True]
    sent = await consume_all(servers, topics.exchanges)
    assert sorted((each.value, each.headers) for each in sent) == [
        (b"1", (("tailrace-attempt", b"2"),)),
        (b"2", (("tailrace-attempt", b"3"),)),
    ]
    assert {each.key for each in sent} == {b"acme|alice"}


async def test_no_broker() -> None:
    letters = LetterTopic(Topics(), {"bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(Unavailable):
        assert [each async for each in letters.letters()]
    with pytest.raises(Unavailable):
        await letters.send_again([])
