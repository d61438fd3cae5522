"""The end of a consumer that has lost its broker; the rest is aiokafka's."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from app.engine.plain_consumer import PlainConsumer
from tests.support.processes import free_port


class Part:
    """What a consumer closes."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error, self.is_closed = error, False

    async def close(self) -> None:
        if self.error is not None:
            raise self.error
        self.is_closed = True


def consumer(fetcher: Part) -> tuple[Any, Part]:
    made: Any = PlainConsumer(bootstrap_servers=f"127.0.0.1:{free_port()}")
    made._fetcher, made._client = fetcher, Part()
    return made, made._client


async def test_a_fetch_that_waits_to_be_tried_again_ends_nobody_else() -> None:
    made, client = consumer(Part(asyncio.CancelledError()))
    await made.stop()
    assert client.is_closed
    await made.stop()


async def test_what_fails_is_told_once_all_is_closed() -> None:
    made, client = consumer(Part(KafkaError("a fault")))
    with pytest.raises(KafkaError):
        await made.stop()
    assert client.is_closed
