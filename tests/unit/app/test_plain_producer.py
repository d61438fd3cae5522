"""Without a broker; with one: tests/contract/control and the webhooks' integration tests."""

import pytest

from app.errors import Unavailable
from app.plain_producer import Outgoing, PlainProducer
from tests.support.processes import free_port


async def test_without_a_broker_it_is_unavailable_each_time() -> None:
    producer = PlainProducer({"bootstrap_servers": f"127.0.0.1:{free_port()}"}, timeout_s=1)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await producer.write([Outgoing("topic", b"key", b"value")])
    await producer.close()
    await producer.close()


async def test_nothing_needs_no_broker() -> None:
    assert await PlainProducer({"bootstrap_servers": "127.0.0.1:1"}).write([]) == []
