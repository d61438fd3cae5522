"""Reads the letters as they are now, and the notes of what was sent again."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson

from app.dlq.letters import Identity, LetterFilter, Stored, offsets_in
from app.errors import RecordError
from app.record.codec import decode_dead_letter
from app.record.topics import Topics
from app.topic_messages import messages_until_now

MARGIN_S = 60.0
ALL = LetterFilter()


class LetterTopic:
    """The dead letters of a deployment."""

    def __init__(self, topics: Topics, connection: Mapping[str, Any]) -> None:
        """Nothing is connected; `connection` is in aiokafka's terms."""
        self._topics = topics
        self._connection = dict(connection)

    async def letters(self, wanted: LetterFilter = ALL) -> AsyncGenerator[Stored, None]:
        """The letters a filter wants, oldest first within a partition. Raises: Unavailable.

        All that there were at the call; a few that came since may be among them.
        """
        replayed = await self._replayed()
        since_s = 0.0 if wanted.since is None else wanted.since.timestamp() - MARGIN_S
        places = offsets_in(wanted.places) if wanted.places else None
        topic = self._topics.dead_letters
        messages = messages_until_now(topic, self._connection, since_s=since_s, places=places)
        async with aclosing(messages):
            async for message in messages:
                try:
                    letter = decode_dead_letter(message.value)
                except RecordError:
                    # Not one of ours, or of a newer build: it stays where it is.
                    continue
                stored = Stored(message.partition, message.offset, letter)
                if stored.identity in replayed:
                    stored = Stored(message.partition, message.offset, letter, replayed=True)
                if wanted.wants(stored):
                    yield stored

    async def _replayed(self) -> set[Identity]:
        found = set()
        notes = messages_until_now(self._topics.dead_letters_replayed, self._connection)
        async with aclosing(notes):
            async for note in notes:
                if (identity := identity_in(note.value)) is not None:
                    found.add(identity)
        return found


def note_of(stored: Stored) -> bytes:
    """What is noted of a letter that was sent again."""
    return orjson.dumps({"place": stored.place, "origin": list(stored.identity)})


def identity_in(note: bytes | None) -> Identity | None:
    """Which message a note is about; None for what is no note."""
    try:
        stage, epoch, topic, partition, offset = orjson.loads(note or b"null")["origin"]
        return Identity(str(stage), str(epoch), str(topic), int(partition), int(offset))
    except (ValueError, TypeError, KeyError):
        return None
