from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError
from faust.types import TP

from app.engine.consumer import Consumer
from tests.support.kafkaless import TOPIC, engine_app, message, take

SOURCE = TP(TOPIC, 0)


async def commit_that_raises(
    consumer: Consumer, error: KafkaError, monkeypatch: pytest.MonkeyPatch
) -> bool:
    async def commit(offsets: Any) -> bool:
        raise error

    monkeypatch.setattr(consumer, "assignment", lambda: {SOURCE})
    monkeypatch.setattr(consumer, "_commit", commit)
    take(consumer, 0)[0].ack(consumer)
    return await consumer.commit()


async def test_a_commit_that_may_be_tried_again_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path) as app:
        error = KafkaConnectionError("down")
        assert error.retriable
        assert await commit_that_raises(app.reader, error, monkeypatch) is False
        assert app.failure is None
        assert app.reader._new_offset(SOURCE) == 1


async def test_a_commit_that_is_refused_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path) as app:
        error = GroupAuthorizationFailedError("not yours")
        assert await commit_that_raises(app.reader, error, monkeypatch) is False
        assert app.failure is error


async def test_only_what_is_assigned_is_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path) as app:
        monkeypatch.setattr(app.reader, "assignment", lambda: {TP(TOPIC, 1)})
        take(app.reader, 0)[0].ack(app.reader)
        assert app.reader._committable(None) == {}


async def test_nothing_is_committed_before_anything_is_assigned(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.reader._leave()
        assert await app.reader.commit() is False
        await app.reader.on_stop()


async def test_messages_of_this_generation_alone_are_read(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        assert app.reader.is_reading(message(0))
        app.reader.reading_generation = 99
        assert not app.reader.is_reading(message(0))
