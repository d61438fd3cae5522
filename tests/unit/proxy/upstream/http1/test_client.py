"""What only this client does; the rest is in tests/contract/proxy/test_upstream.py."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import UpstreamError, UpstreamProtocolError, UpstreamRefused, UpstreamReset
from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.http1.connection import HIGH_BYTES
from proxy.upstream.protocol import Timeouts, UpstreamRequest
from tests.support.raw_upstream import (
    CHUNKED,
    Connection,
    RawUpstream,
    chunk,
    raw_upstream,
    response,
)

PATIENT = Timeouts(connect_s=20, first_byte_s=20, idle_s=20)


@pytest.fixture
async def client() -> AsyncIterator[Http1Upstream]:
    made = Http1Upstream(PATIENT, max_connections=4)
    yield made
    await made.close()


async def read_all(client: Http1Upstream, request: UpstreamRequest) -> bytes:
    got = await client.send(request)
    body = b""
    while piece := await got.read():
        body += piece
    return body


def get(upstream: RawUpstream, method: str = "GET") -> UpstreamRequest:
    return UpstreamRequest(method, upstream.origin, "/", [])


async def echo(connection: Connection) -> None:
    while True:
        await connection.read_head()
        await connection.send(response(await connection.read_body()))


async def test_a_connection_is_used_again(client: Http1Upstream) -> None:
    """Bodies of every framing, one after the other; several at once have one each."""
    async with raw_upstream(echo) as upstream:
        for number in range(30):
            body = b"x" * (number * 10_000)
            request = UpstreamRequest("POST", upstream.origin, "/", [], body)
            assert await read_all(client, request) == body
        assert len(upstream.connections) == 1
        requests = [UpstreamRequest("POST", upstream.origin, "/", [], b"%d" % n) for n in range(40)]
        found = await asyncio.gather(*(read_all(client, each) for each in requests))
        assert found == [b"%d" % n for n in range(40)]
        assert len(upstream.connections) == 4


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        response(b"x") + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["close", "old", "more than was asked for"],
)
async def test_one_that_is_in_doubt_is_not(client: Http1Upstream, answer: bytes) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(answer)
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        for _ in range(3):
            assert await read_all(client, get(upstream)) == b"x"
        assert len(upstream.connections) == 3


async def test_a_head_request_has_no_body(client: Http1Upstream) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        for _ in range(2):
            assert await read_all(client, get(upstream, "HEAD")) == b""


@pytest.mark.parametrize(("method", "requests"), [("GET", 3), ("PUT", 3), ("POST", 2)])
async def test_a_kept_connection_that_dies(
    client: Http1Upstream, method: str, requests: int
) -> None:
    """What is safe to repeat is sent once more, on a new connection; a POST never."""

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        if len(heads) != 1:
            await connection.send(response(b"x"))
        heads.append(method)
        if len(heads) == 1:
            await connection.read_head()
            heads.append(method)
            connection.reset()

    heads: list[str] = []
    async with raw_upstream(serve) as upstream:
        assert await read_all(client, get(upstream, method)) == b"x"
        if method == "POST":
            with pytest.raises(UpstreamReset):
                await read_all(client, get(upstream, method))
        else:
            assert await read_all(client, get(upstream, method)) == b"x"
        assert len(heads) == requests


async def test_one_that_was_closed_meanwhile_is_not_tried(client: Http1Upstream) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(response(b"x"))

    async with raw_upstream(serve) as upstream:
        for _ in range(3):
            assert await read_all(client, get(upstream, "POST")) == b"x"
            await asyncio.sleep(0.05)


async def test_closed_at_every_byte_of_a_response(client: Http1Upstream) -> None:
    """Never taken for whole, whatever its framing."""
    for answer in (response(b"abc"), CHUNKED + chunk(b"abc") + b"0\r\n\r\n"):
        for cut in range(len(answer)):

            async def serve(connection: Connection, data: bytes = answer[:cut]) -> None:
                await connection.read_head()
                await connection.send(data)

            async with raw_upstream(serve) as upstream:
                with pytest.raises(UpstreamError):
                    await read_all(client, get(upstream, "POST"))


async def test_a_body_that_ends_with_its_connection(client: Http1Upstream) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\nabc")

    async with raw_upstream(serve) as upstream:
        assert await read_all(client, get(upstream)) == b"abc"


async def test_a_reader_that_waits_holds_the_upstream_up(client: Http1Upstream) -> None:
    """What was read and not taken is bounded; all of it arrives in the end."""
    sent = 0
    block = b"x" * 65536

    async def serve(connection: Connection) -> None:
        nonlocal sent
        await connection.read_head()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(block) * 400))
        for _ in range(400):
            await connection.send(block)
            sent += 1

    async with raw_upstream(serve) as upstream:
        got = await client.send(get(upstream))
        await asyncio.sleep(0.3)
        assert sent < 400
        assert len(got.read_nowait()) <= HIGH_BYTES + 300_000
        total = 0
        while piece := await got.read():
            total += len(piece)
        assert sent == 400
        assert total > 390 * len(block)


async def test_an_upstream_that_does_not_read_holds_the_sender_up(client: Http1Upstream) -> None:
    taken = 0
    go_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(400):
            taken += 1
            yield b"x" * 65536

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await go_on.wait()
        await connection.send(response(b"%d" % len(await connection.read_body())))

    async with raw_upstream(serve) as upstream:
        sending = asyncio.create_task(
            read_all(client, UpstreamRequest("POST", upstream.origin, "/", [], body()))
        )
        await asyncio.sleep(0.3)
        assert taken < 400
        go_on.set()
        assert await sending == b"%d" % (400 * 65536)


@pytest.mark.parametrize("length", [2, 4])
async def test_a_body_that_is_not_of_its_length(client: Http1Upstream, length: int) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"abc"

    async with raw_upstream(echo) as upstream:
        headers = [(b"Content-Length", b"%d" % length)]
        with pytest.raises(UpstreamProtocolError):
            await client.send(UpstreamRequest("POST", upstream.origin, "/", headers, body()))


async def test_a_body_that_fails_is_a_reset(client: Http1Upstream) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"abc"
        raise RuntimeError("the client broke off")

    async with raw_upstream(echo) as upstream:
        with pytest.raises(UpstreamReset):
            await client.send(UpstreamRequest("POST", upstream.origin, "/", [], body()))


async def test_a_closed_client_ends_what_is_open(client: Http1Upstream) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\nabc")
        await connection.until_closed()

    async with raw_upstream(serve) as upstream:
        got = await client.send(get(upstream))
        assert await got.read() == b"abc"
        await client.close()
        with pytest.raises(UpstreamReset):
            await got.read()


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1/x", "nonsense", "ftp://h"])
async def test_an_origin_that_is_none_is_refused(client: Http1Upstream, origin: str) -> None:
    with pytest.raises(UpstreamRefused):
        await client.send(UpstreamRequest("GET", origin, "/", []))
