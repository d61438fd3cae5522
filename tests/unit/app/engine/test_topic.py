from pathlib import Path

from app.engine.topic import RawTopic
from tests.support.kafkaless import TOPIC, engine_app, message


async def test_a_source_is_raw_also_after_cloning(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        clone = app.source(TOPIC).clone(is_iterator=True)
        assert isinstance(clone, RawTopic)
        event = await clone.decode(message(0, value=b"\xff{"), propagate=True)
        assert event.value == b"\xff{"


async def test_a_decode_error_would_stop_rather_than_skip(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        error = ValueError("cannot happen")
        await app.source(TOPIC).on_value_decode_error(error, message(0))
        assert app.failure is error


async def test_so_would_one_of_the_key(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        error = ValueError("cannot happen")
        await app.source(TOPIC).on_key_decode_error(error, message(0))
        assert app.failure is error
