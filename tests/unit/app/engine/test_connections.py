"""Connections to a broker that is gone: every way of sending says so in Kafka's terms."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from app.engine.connections import SENDING, mend_connections

HEADER = struct.Struct(">ihhi")
NO_ERROR_TWO_APIS = struct.pack(">hi", 0, 2) + struct.pack(">hhhhhh", 18, 0, 0, 3, 0, 1)
RESET = struct.pack("ii", 1, 0)
Run = Callable[[Awaitable[Any]], Any]


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    """Mended for this test alone."""
    before = {name: getattr(AIOKafkaConnection, name) for name in SENDING}
    mend_connections()
    yield
    for name, method in before.items():
        setattr(AIOKafkaConnection, name, method)


async def answer_and_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what a client asks first, and reset its connection as a killed broker does."""
    size, _, _, correlation_id = HEADER.unpack(await reader.readexactly(HEADER.size))
    await reader.readexactly(size - HEADER.size + 4)
    answer = struct.pack(">i", correlation_id) + NO_ERROR_TWO_APIS
    writer.write(struct.pack(">i", len(answer)) + answer)
    await asyncio.sleep(0.02)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.close()


async def lost_and_not_noticed(closed: list[Any]) -> AIOKafkaConnection:
    """A connection in the turn of the loop in which its protocol heard of the reset."""
    server = await asyncio.start_server(answer_and_reset, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        connection = await create_conn(
            "127.0.0.1", port, on_close=lambda _, reason: closed.append(reason)
        )
        while connection._reader.exception() is None:
            await asyncio.sleep(0)
    return connection


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("name", SENDING)
def test_a_lost_connection_is_an_error_of_kafka_and_closed(name: str, run: Run) -> None:
    """Before its reader has seen the loss; the client hears of it once, and connects again."""

    async def scenario() -> None:
        closed: list[Any] = []
        connection = await lost_and_not_noticed(closed)
        assert connection.connected(), "aiokafka has noticed: nothing is tested here"
        request = MetadataRequest([]) if name == "send" else b"token"
        with pytest.raises(KafkaConnectionError, match="was lost"):
            await getattr(connection, name)(request)
        assert not connection.connected()
        assert [reason.name for reason in closed] == ["CONNECTION_BROKEN"]

    run(scenario())


def test_mending_again_changes_nothing() -> None:
    """One check per request, however often it was asked for."""
    once = AIOKafkaConnection.send
    mend_connections()
    assert AIOKafkaConnection.send is once


def test_a_request_over_a_connection_that_lives_is_sent() -> None:
    """The first question of every connection is one."""
    closed: list[Any] = []
    connection = uvloop.run(lost_and_not_noticed(closed))
    assert connection._versions == {18: (0, 0), 3: (0, 1)}
