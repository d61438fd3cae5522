"""The consumer of the retry topics: here what it makes of messages; on a broker in integration."""

import asyncio
from types import SimpleNamespace

import pytest

from app.clock import SystemClock
from app.metrics import Metrics
from app.record.codec import encode_delivery
from app.record.topics import Topics
from app.webhooks.retries import Retries, due_s
from tests.support.endpoints import delivery
from tests.support.processes import free_port
from tests.support.records import STARTED_AT


def message(value: bytes | None) -> SimpleNamespace:
    return SimpleNamespace(value=value)


def test_when_a_message_is_due() -> None:
    assert due_s(message(encode_delivery(delivery(due_at=STARTED_AT)))) == STARTED_AT.timestamp()
    assert due_s(message(encode_delivery(delivery()))) == 0.0


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"[]", b"7", b"{}", b'{"due_at": 7}', b'{"due_at": "x"}']
)
def test_what_cannot_be_read_is_due_at_once(value: bytes | None) -> None:
    assert due_s(message(value)) == 0.0


async def test_it_boots_and_stops_without_a_broker() -> None:
    connection = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    retries = Retries(connection, Topics(), SystemClock(), Metrics(), group="g")
    assert retries.state == "starting"
    await retries.start()
    async with asyncio.timeout(20):
        while retries.state != "down":
            await asyncio.sleep(0.01)
    await retries.stop()
    assert retries.state == "stopped"
    await retries.stop()
