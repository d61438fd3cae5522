"""What happens to a message whose handler fails, and to messages that cannot be decoded."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from faust.exceptions import ValueDecodeError
from faust.types import TP

from app.engine.contracts import Message, Position
from app.engine.process import process
from tests.support.kafkaless import GENERATION, TOPIC, engine_app, message, stock_app

SOURCE = TP(TOPIC, 0)


async def feed(app: Any, topic: Any, *messages: Any) -> Any:
    """A stream over the topic with the messages in its buffer."""
    channel = topic.clone(is_iterator=True)
    for each in messages:
        each.incref()
        await channel.put(await channel.decode(each))
    return app.stream(channel)


async def turns(count: int = 30) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_stock_acks_the_message_whose_handler_raised(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        topic = app.topic(TOPIC, value_type=bytes, value_serializer="raw", key_serializer="raw")
        stream = await feed(app, topic, message(0))

        async def agent() -> None:
            async for _ in stream:
                raise RuntimeError("boom")

        with pytest.raises(RuntimeError):
            await agent()
        await turns()
        assert app.consumer._acked[SOURCE] == [0]
        await stream.stop()


async def test_a_handler_that_raises_ends_the_incarnation_without_an_ack(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        stream = await feed(app, app.source(TOPIC), message(0), message(1), message(2))
        handled: list[int] = []

        def handle(each: Message) -> None:
            handled.append(each.position.offset)
            if each.position.offset == 1:
                raise RuntimeError("boom")

        await process(app, stream, handle)
        assert handled == [0, 1]
        assert app.reader._acked[SOURCE] == [0]
        assert isinstance(app.failure, RuntimeError)
        await stream.stop()


async def test_messages_are_handled_and_acked_in_order(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        stream = await feed(app, app.source(TOPIC), *(message(offset) for offset in range(50)))
        seen: list[Message] = []
        working = asyncio.ensure_future(process(app, stream, seen.append))
        while len(seen) < 50:
            await asyncio.sleep(0)
        await turns()
        assert app.reader._acked[SOURCE] == list(range(50))
        assert not app.reader._unacked_messages
        assert seen[7].position == Position("0", TOPIC, 0, 7)
        assert (seen[7].key, seen[7].value) == (b"k", b"v")
        assert seen[7].broker_time_s == 1_700_000_000.0
        working.cancel()
        await asyncio.wait([working])


async def test_a_message_that_was_revoked_while_it_waited_for_room_is_not_handled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path, max_outstanding_records=1) as app:
        stream = await feed(app, app.source(TOPIC), message(0))
        app.emit("facts", None, b"outstanding")
        handled: list[Message] = []
        working = asyncio.ensure_future(process(app, stream, handled.append))
        await turns()
        assert handled == []
        app.reader._leave()
        app.outbox.max_records = 10
        app.outbox._release()
        await turns()
        assert handled == []
        assert app.reader._acked == {}
        working.cancel()
        await asyncio.wait([working])


async def test_stock_throws_an_undecodable_message_into_the_agent_after_acking_it(
    tmp_path: Path,
) -> None:
    async with stock_app(tmp_path) as app:
        channel = app.topic(TOPIC, value_type=bytes).clone(is_iterator=True)
        app.topics.add(channel)
        await app.topics._update_indices()
        await app.topics.on_partitions_assigned({SOURCE})
        await app.topics.on_message(message(0, value=b"not json"))
        assert app.consumer._acked[SOURCE] == [0]
        assert isinstance(channel.queue._errors[0], ValueDecodeError)


@pytest.mark.parametrize("value", [b"not json", b'{"a": 1}', b"\xff\xfe", b"", None])
async def test_every_value_reaches_the_handler_as_it_came(
    tmp_path: Path, value: bytes | None
) -> None:
    async with engine_app(tmp_path) as app:
        channel = app.source(TOPIC).clone(is_iterator=True)
        app.topics.add(channel)
        await app.topics._update_indices()
        await app.topics.on_partitions_assigned({SOURCE})
        await app.topics.on_message(message(0, value=value))
        event = channel.queue.get_nowait()
        assert event.value == value
        assert event.key == b"k"
        assert event.message.generation_id == GENERATION
        assert not app.reader._acked
