"""Letters sent again on Apache Kafka, with their attempts, and noted."""

import pytest

from app.dlq.letters import LetterFilter, Stored
from app.dlq.resender import Resender, headers_of
from app.dlq.topic import LetterTopic
from app.errors import Unavailable
from app.record.codec import encode_dead_letter
from app.record.dead_letter import Origin, origin_in
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.letters import letter, stored
from tests.support.produce import produce_raw


def test_headers_carry_the_attempts_and_the_first_origin() -> None:
    first = Origin(topic="t", partition=0, offset=1, epoch="e0")
    (name, attempt), (where, origin) = headers_of(stored(attempt=2))
    assert (name, attempt, where) == ("tailrace-attempt", b"3", "tailrace-origin")
    assert origin_in(origin) == letter().origin
    assert origin_in(headers_of(stored(first_origin=first))[1][1]) == first


async def letters_in(
    kafka_broker: KafkaBroker, topics: Topics, values: list[bytes]
) -> tuple[LetterTopic, list[Stored]]:
    servers = kafka_broker.bootstrap_servers
    await kafka_broker.create_topics(topics.specs())
    messages: list[tuple[bytes | None, bytes | None]] = []
    for number, value in enumerate(values):
        origin = Origin(topic=topics.exchanges, partition=0, offset=number, epoch="e")
        made = letter(origin=origin, attempt=number, raw_value=value)
        messages.append((b"k", encode_dead_letter(made)))
    await produce_raw(servers, topics.dead_letters, messages)
    found = LetterTopic(topics, {"bootstrap_servers": servers})
    return found, [each async for each in found.letters()]


@pytest.mark.kafka
async def test_sent_and_noted(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    topics, servers = Topics(topic_prefix), kafka_broker.bootstrap_servers
    letters, found = await letters_in(kafka_broker, topics, [b"0", b"1", b"2"])
    async with Resender(topics, {"bootstrap_servers": servers}) as resender:
        assert await resender.send_again(found[1:]) == [None, None]
        assert await resender.send_again([]) == []
    assert [each.replayed async for each in letters.letters()] == [False, True, True]
    waiting = [each.letter.attempt async for each in letters.letters(LetterFilter(waiting=True))]
    assert waiting == [0]
    sent = await consume_all(servers, topics.exchanges)
    assert sorted((each.value, dict(each.headers)["tailrace-attempt"]) for each in sent) == [
        (b"1", b"2"),
        (b"2", b"3"),
    ]
    assert {each.key for each in sent} == {b"acme|alice"}


@pytest.mark.kafka
async def test_killed_between_sending_and_noting_it_is_sent_again(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    topics, servers = Topics(topic_prefix), kafka_broker.bootstrap_servers
    letters, found = await letters_in(kafka_broker, topics, [b"0"])
    async with Resender(topics, {"bootstrap_servers": servers}) as resender:
        assert await resender.send(found) == [None]
    assert [each.replayed async for each in letters.letters()] == [False]


@pytest.mark.kafka
async def test_one_that_the_broker_refuses_keeps_no_other_back(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """Too large for its topic: said so, not noted."""
    topics, servers = Topics(topic_prefix), kafka_broker.bootstrap_servers
    letters, found = await letters_in(kafka_broker, topics, [b"0", b"x" * (9 << 20), b"2"])
    giant = Origin(topic=topics.bodies, partition=0, offset=1, epoch="e")
    moved = found[1].letter.model_copy(update={"origin": giant})
    mixed = [found[0], Stored(0, 1, moved), found[2]]
    async with Resender(topics, {"bootstrap_servers": servers}) as resender:
        first, second, third = await resender.send_again(mixed)
        assert (first, third) == (None, None)
        assert "MessageSizeTooLarge" in str(second)
        with pytest.raises(Unavailable, match="does not take"):
            await resender.send_again([mixed[1]])
    assert [each.replayed async for each in letters.letters()] == [True, False, True]


async def test_no_broker() -> None:
    resender = Resender(Topics(), {"bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(Unavailable):
        await resender.__aenter__()
    with pytest.raises(Unavailable):
        await resender.note([stored()])
