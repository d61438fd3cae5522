"""Sends letters again to where they came from, then notes that they were sent."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from app.dlq.letters import Stored
from app.dlq.topic import note_of
from app.errors import Unavailable
from app.record.dead_letter import ATTEMPT_HEADER, ORIGIN_HEADER
from app.record.topics import Topics

MAX_REQUEST_BYTES = 16 << 20
Failure = str | None
Answer = Awaitable[Any]


class Resender:
    """A producer while it is entered; every message is acknowledged by all replicas."""

    def __init__(self, topics: Topics, connection: Mapping[str, Any]) -> None:
        """Nothing is connected; `connection` is in aiokafka's terms."""
        self._topics = topics
        self._connection = dict(connection)
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        """Connect. Raises: Unavailable."""
        producer = AIOKafkaProducer(
            **self._connection, acks="all", max_request_size=MAX_REQUEST_BYTES
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as exc:
            await producer.stop()
            raise Unavailable(f"the broker cannot be reached: {exc}") from exc
        self._producer = producer
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; all that was sent is there already."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def send_again(self, letters: Sequence[Stored]) -> list[Failure]:
        """Send and note; for each letter None, or why the broker did not take it.

        Raises: Unavailable if it takes none of them, or not the notes: then what was sent is sent
        again the next time.
        """
        failures = await self.send(letters)
        if letters and all(failures):
            raise Unavailable(f"the broker does not take them: {failures[0]}")
        await self.note(
            [stored for stored, failure in zip(letters, failures, strict=True) if failure is None]
        )
        return failures

    async def send(self, letters: Sequence[Stored]) -> list[Failure]:
        """Send alone; for each letter None, or why the broker did not take it."""
        producer = self._connected()
        return await _outcomes(
            partial(
                producer.send,
                stored.letter.origin.topic,
                stored.letter.raw_value,
                key=stored.letter.raw_key,
                headers=headers_of(stored),
            )
            for stored in letters
        )

    async def note(self, letters: Sequence[Stored]) -> None:
        """Note that letters were sent. Raises: Unavailable."""
        producer, topic = self._connected(), self._topics.dead_letters_replayed
        failures = await _outcomes(
            partial(producer.send, topic, note_of(stored)) for stored in letters
        )
        if failed := [failure for failure in failures if failure is not None]:
            raise Unavailable(
                f"what was sent cannot be noted, and would be sent again: {failed[0]}"
            )

    def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Unavailable("not connected")
        return self._producer


def headers_of(stored: Stored) -> list[tuple[str, bytes]]:
    """How often this message was sent again, this time included, and where it lay at first."""
    letter = stored.letter
    first = letter.first_origin or letter.origin
    return [
        (ATTEMPT_HEADER, b"%d" % (letter.attempt + 1)),
        (ORIGIN_HEADER, first.model_dump_json().encode()),
    ]


async def _outcomes(sends: Iterable[Callable[[], Awaitable[Answer]]]) -> list[Failure]:
    """Hand all messages over, in order, then wait for all answers."""
    results: list[Answer | str] = []
    for send in sends:
        try:
            results.append(await send())
        except (KafkaError, OSError) as exc:
            results.append(_text(exc))
    return [each if isinstance(each, str) else await _failure(each) for each in results]


async def _failure(answer: Answer) -> Failure:
    try:
        await answer
    except (KafkaError, OSError) as exc:
        return _text(exc)
    return None


def _text(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"
