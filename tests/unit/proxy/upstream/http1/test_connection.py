"""One connection: back-pressure, and whether it can be used again."""

import asyncio

import pytest

from app.errors import UpstreamProtocolError, UpstreamReset
from proxy.upstream.http1.connection import HIGH_BYTES, Connection
from tests.support.transports import ListTransport

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


def connected() -> tuple[Connection, ListTransport, list[int]]:
    connection, transport = Connection(), ListTransport()
    connection.connection_made(transport)
    news: list[int] = []
    connection.begin(lambda: news.append(1), is_head=False)
    return connection, transport, news


async def test_a_whole_answer_leaves_it_reusable() -> None:
    connection, transport, news = connected()
    connection.write(b"request")
    connection.data_received(WHOLE)
    assert (connection.take(), connection.take(), len(news)) == (b"abc", b"", 1)
    assert connection.finish()
    assert connection.is_usable
    assert transport.written == [b"request"]
    connection.data_received(b"unasked")
    assert (connection.is_usable, transport.closing) == (False, True)


@pytest.mark.parametrize("data", [WHOLE[:-1], WHOLE + b"x", WHOLE.replace(b"1.1", b"1.0")])
async def test_what_is_in_doubt_is_closed(data: bytes) -> None:
    connection, transport, _ = connected()
    connection.data_received(data)
    assert not connection.finish()
    assert transport.closing
    connection.write(b"not any more")
    assert transport.written == []


async def test_reading_stops_while_much_is_not_taken() -> None:
    connection, transport, _ = connected()
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
    connection.data_received(b"x" * HIGH_BYTES)
    connection.data_received(b"x")
    assert not transport.reading
    assert len(connection.take()) == HIGH_BYTES + 1
    assert transport.reading


async def test_writing_waits_while_the_transport_is_full() -> None:
    connection, _, _ = connected()
    connection.pause_writing()
    assert connection.is_full
    waiting = asyncio.create_task(connection.can_write())
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.resume_writing()
    await waiting
    connection.pause_writing()
    connection.connection_lost(None)
    await connection.can_write()


async def test_why_it_ended() -> None:
    broken, _, news = connected()
    broken.data_received(b"garbage\r\n\r\n")
    assert (type(broken.error), broken.ended, len(news)) == (UpstreamProtocolError, True, 1)
    early, _, _ = connected()
    early.eof_received()
    assert isinstance(early.error, UpstreamReset)
    until_its_end, _, _ = connected()
    until_its_end.data_received(b"HTTP/1.1 200 OK\r\n\r\nabc")
    until_its_end.eof_received()
    until_its_end.connection_lost(None)
    assert (until_its_end.error, until_its_end.take()) == (None, b"abc")
    given_up, _, _ = connected()
    given_up.data_received(b"HTTP/1.1 200 OK\r\n\r\nabc")
    given_up.close()
    assert isinstance(given_up.error, UpstreamReset)
