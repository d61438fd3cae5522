"""What only the client on aiohttp does; the rest is in tests/contract/proxy/test_upstream.py."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import UpstreamProtocolError, UpstreamRefused, UpstreamReset, UpstreamTimeout
from proxy.upstream.aiohttp_client import AiohttpUpstream
from proxy.upstream.protocol import Timeouts, UpstreamRequest
from tests.support.raw_upstream import CHUNKED, Connection, chunk, raw_upstream, response

PATIENT = Timeouts(connect_s=20, first_byte_s=20, idle_s=20)


@pytest.fixture
async def client() -> AsyncIterator[AiohttpUpstream]:
    made = AiohttpUpstream(PATIENT, max_connections=1)
    yield made
    await made.close()


async def test_duplicates_spelled_differently_both_arrive(client: AiohttpUpstream) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(response(b""))

    async with raw_upstream(serve) as upstream:
        headers = [(b"X-A", b"1"), (b"x-a", b"2"), (b"X-Latin", b"caf\xe9")]
        got = await client.send(UpstreamRequest("GET", upstream.origin, "/", headers))
        assert await got.read() == b""
    head = upstream.connections[0].head
    assert b"\r\nX-A: 1\r\nX-A: 2\r\nX-Latin: caf\xc3\xa9\r\n" in head


async def test_a_connection_is_used_again(client: AiohttpUpstream) -> None:
    async def serve(connection: Connection) -> None:
        while True:
            await connection.read_head()
            await connection.send(response(b"x"))

    async with raw_upstream(serve) as upstream:
        for _ in range(3):
            got = await client.send(UpstreamRequest("GET", upstream.origin, "/", []))
            assert await got.read() == b"x"
            assert await got.read() == b""
    assert len(upstream.connections) == 1


async def test_waiting_for_a_free_connection_is_bounded() -> None:
    client = AiohttpUpstream(Timeouts(0.05, 20, 20), max_connections=1)

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        request = UpstreamRequest("GET", upstream.origin, "/", [])
        first = await client.send(request)
        with pytest.raises(UpstreamTimeout) as caught:
            await client.send(request)
        assert caught.value.kind == "connect"
        first.abort()
        await client.close()


async def test_time_in_which_nobody_reads_is_not_idle_time() -> None:
    client = AiohttpUpstream(Timeouts(20, 20, 0.1), max_connections=1)

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"one"))
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        got = await client.send(UpstreamRequest("GET", upstream.origin, "/", []))
        assert await got.read() == b"one"
        await asyncio.sleep(0.2)
        assert got.read_nowait() == b""
        with pytest.raises(UpstreamTimeout):
            await got.read()
        await client.close()


async def test_broken_chunks_are_noticed(client: AiohttpUpstream) -> None:
    go_on = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"one"))
        await go_on.wait()
        await connection.send(b"not a size\r\n")
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        got = await client.send(UpstreamRequest("GET", upstream.origin, "/", []))
        assert await got.read() == b"one"
        go_on.set()
        with pytest.raises(UpstreamProtocolError):
            await got.read()


@pytest.mark.parametrize("value", [b"a\nb", b"a\rb", b"a\0b"])
async def test_a_header_cannot_break_out_of_its_line(client: AiohttpUpstream, value: bytes) -> None:
    async def serve(connection: Connection) -> None:
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        with pytest.raises(UpstreamProtocolError):
            await client.send(UpstreamRequest("GET", upstream.origin, "/", [(b"x", value)]))


async def test_an_origin_that_is_none_is_refused(client: AiohttpUpstream) -> None:
    with pytest.raises(UpstreamRefused):
        await client.send(UpstreamRequest("GET", "ftp://h", "/", []))


async def test_a_body_that_fails_is_a_reset(client: AiohttpUpstream) -> None:
    async def serve(connection: Connection) -> None:
        await connection.until_closed()

    async def body() -> AsyncIterator[bytes]:
        yield b"some"
        raise UpstreamReset("the sender's own trouble")

    async with raw_upstream(serve) as upstream:
        with pytest.raises(UpstreamReset):
            await client.send(UpstreamRequest("POST", upstream.origin, "/", [], body()))
