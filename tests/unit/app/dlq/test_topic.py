"""Letters on Apache Kafka, read as they are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from app.dlq.letters import LetterFilter
from app.dlq.topic import LetterTopic, identity_in, note_of
from app.errors import Unavailable
from app.record.codec import encode_dead_letter
from app.record.topics import Topics
from tests.support.kafka import KafkaBroker
from tests.support.letters import letter, stored
from tests.support.produce import produce_raw


async def places(letters: LetterTopic, wanted: LetterFilter) -> Sequence[str]:
    return sorted([each.place async for each in letters.letters(wanted)])


@pytest.mark.kafka
async def test_letters_are_found(kafka_broker: KafkaBroker, topic_prefix: str) -> None:
    """What is no letter is passed over; a filter is a place to begin as well."""
    topics, servers = Topics(topic_prefix), kafka_broker.bootstrap_servers
    await kafka_broker.create_topics(topics.specs())
    now = datetime.now(UTC)
    messages = [
        (b"k%d" % n, encode_dead_letter(letter(n, dead_at=now, stage="ab"[n % 2])))
        for n in range(20)
    ]
    sent = await produce_raw(servers, topics.dead_letters, [*messages, (b"k", b"not a letter")])
    named = [f"{partition}:{offset}" for partition, offset in sent]
    letters = LetterTopic(topics, {"bootstrap_servers": servers})
    assert await places(letters, LetterFilter()) == sorted(named[:20])
    assert await places(letters, LetterFilter(stages=["a"])) == sorted(named[:20:2])
    chosen = [named[3], named[11], "0:999", "999:0"]
    assert await places(letters, LetterFilter(places=chosen)) == sorted([named[3], named[11]])
    assert await places(letters, LetterFilter(places=["999:0"])) == []
    for since, count in ((now, 20), (now + timedelta(hours=1), 0)):
        assert len(await places(letters, LetterFilter(since=since))) == count
    notes = [(None, value) for value in (note_of(stored(offset_of_origin=4, stage="a")), b"[]")]
    await produce_raw(servers, topics.dead_letters_replayed, notes)
    assert set(named[:20]) - set(await places(letters, LetterFilter(waiting=True))) == {named[4]}
    other = LetterTopic(Topics("nobodys"), {"bootstrap_servers": servers})
    with pytest.raises(Unavailable, match="no topic"):
        await places(other, LetterFilter())


async def test_no_broker() -> None:
    letters = LetterTopic(Topics(), {"bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(Unavailable):
        await places(letters, LetterFilter())


def test_a_note_names_the_message() -> None:
    assert identity_in(note_of(stored(3, 4))) == stored(1, 2).identity
    for note in (None, b"", b"null", b"\xff", b'{"origin": 7}', b'{"origin": [[], 1, 1, 1, {}]}'):
        assert identity_in(note) is None
