from pathlib import Path

from app.engine.consumer import Consumer
from app.engine.producer import Producer
from app.engine.transport import Transport
from tests.support.kafkaless import engine_app


async def test_the_app_gets_our_parts(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        assert isinstance(app.transport, Transport)
        assert isinstance(app.producer_transport, Transport)
        assert isinstance(app.consumer, Consumer)
        assert isinstance(app.producer, Producer)
