"""A body of unknown length: framed as announced, and of its length."""

from collections.abc import AsyncIterator

import pytest

from app.errors import UpstreamProtocolError
from proxy.upstream.http1.connection import Connection
from proxy.upstream.http1.request import Head
from proxy.upstream.http1.upload import upload
from tests.support.transports import ListTransport


async def sent(head: Head, *pieces: bytes) -> bytes:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    connection, transport = Connection(), ListTransport()
    connection.connection_made(transport)
    await upload(connection, head, body())
    return b"".join(transport.written)


async def test_chunks_of_their_own_size_and_one_end() -> None:
    """An empty piece would be the end."""
    head = Head(b"", "chunked")
    assert await sent(head, b"ab", b"", b"x" * 17) == (
        b"2\r\nab\r\n11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n"
    )
    assert await sent(head) == b"0\r\n\r\n"


async def test_a_length_is_kept() -> None:
    head = Head(b"", "length", 3)
    assert await sent(head, b"a", b"bc") == b"abc"
    for pieces in ((b"ab",), (b"ab", b"cd"), ()):
        with pytest.raises(UpstreamProtocolError):
            await sent(head, *pieces)


async def test_it_stops_when_the_connection_has_ended() -> None:
    connection = Connection()
    connection.connection_made(ListTransport())
    asked = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"x"
            connection.connection_lost(None)

    await upload(connection, Head(b"", "chunked"), body())
    assert asked == 2
