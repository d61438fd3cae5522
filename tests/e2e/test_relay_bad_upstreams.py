"""Upstreams that refuse, break off, lie or stall: what the client sees, and the one true record."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tests.support.raw_upstream import CHUNKED, Connection, chunk, raw_upstream, response
from tests.support.relay import Stand, raw_client, standing

Serve = Callable[[Connection], Awaitable[None]]


async def told(stand: Stand, status: int, code: str, **kwargs: object) -> None:
    """The client is told an error of ours, in OpenAI's shape."""
    async with stand.session.post(f"{stand.url}/up/x", **kwargs) as got:  # type: ignore[arg-type]
        body = await got.json()
        assert (got.status, body["error"]["code"]) == (status, code)
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert got.headers["tailrace-error"] == code
        assert got.headers["tailrace-request-id"]


async def test_refused() -> None:
    async with standing() as stand:
        await told(stand, 502, "upstream_unreachable", data=b"{}")
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.request_bytes) == ("upstream_error", None, 2)
    assert record.error is not None
    assert record.error.startswith("upstream_unreachable")


async def test_a_name_that_does_not_resolve() -> None:
    async with standing("http://nowhere.invalid") as stand:
        await told(stand, 502, "upstream_unreachable")
        assert (await stand.sink.record()).outcome == "upstream_error"


async def test_tls_to_a_server_without_it() -> None:
    async def serve(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_upstream(serve) as upstream, standing(f"https://127.0.0.1:{upstream.port}") as s:
        await told(s, 502, "upstream_unreachable")
        assert (await s.sink.record()).outcome == "upstream_error"


async def test_reset_before_the_head() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        connection.reset()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        await told(stand, 502, "upstream_reset", data=b"{}")
        assert (await stand.sink.record()).outcome == "upstream_error"


async def test_closed_without_an_answer() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        await told(stand, 502, "upstream_reset", data=b"{}")
        assert (await stand.sink.record()).outcome == "upstream_error"


@pytest.mark.parametrize(
    "garbage",
    [
        b"I do not speak HTTP\r\n\r\n",
        b"\x00\xff" * 50,
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_garbage(garbage: bytes) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.read_body()
        await connection.send(garbage)

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        await told(stand, 502, "upstream_protocol", data=b"{}")
        assert (await stand.sink.record()).outcome == "upstream_error"


async def test_no_answer_in_time() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, first_byte_timeout_s=0.05) as stand,
    ):
        await told(stand, 504, "upstream_timeout_first_byte", data=b"{}")
        assert (await stand.sink.record()).outcome == "timeout"
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)


async def test_no_connection_in_time() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    # With a pool of one, the second call waits for a connection that does not come.
    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, max_connections=1, connect_timeout_s=0.2) as stand,
        raw_client(stand) as first,
    ):
        await first.send(b"GET /up/x HTTP/1.1\r\nHost: relay\r\n\r\n")
        while not upstream.connections or not upstream.connections[0].head:
            await asyncio.sleep(0.01)
        await told(stand, 504, "upstream_timeout_connect", data=b"{}")
        assert (await stand.sink.record()).outcome == "timeout"


async def test_an_upstream_that_stops_taking_the_body() -> None:
    stop = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await stop.wait()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.3) as stand,
    ):
        await told(stand, 504, "upstream_timeout_idle", data=io.BytesIO(b"x" * (32 << 20)))
        assert (await stand.sink.record()).outcome == "timeout"
        stop.set()


async def broken_stream(serve: Serve, outcome: str, **changes: float) -> bytes:
    """A client must see the truncation; returns what it got before."""
    async with raw_upstream(serve) as upstream, standing(upstream.origin, **changes) as stand:
        got = b""
        async with stand.session.get(f"{stand.url}/up/x") as answer:
            assert answer.status == 200
            while True:
                try:
                    piece = await answer.content.readany()
                except aiohttp.ClientPayloadError:
                    break
                assert piece, "a clean end"
                got += piece
        record = await stand.sink.record()
        assert (record.outcome, record.status) == (outcome, 200)
        assert record.response_bytes == len(got)
        # The process goes on serving.
        async with stand.session.get(f"{stand.url}/mock/v1/models") as answer:
            assert answer.status == 200
    return got


@pytest.mark.parametrize("reset", [True, False])
async def test_a_stream_that_breaks(reset: bool) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await asyncio.sleep(0.05)
        if reset:
            connection.reset()

    assert await broken_stream(serve, "upstream_error") == b"data: 1\n\n"


async def test_an_old_client_sees_a_stream_that_breaks_as_a_reset() -> None:
    go_on = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await go_on.wait()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"GET /up/x HTTP/1.0\r\n\r\n")
        await client.reader.readuntil(b"data: 1\n\n")
        go_on.set()
        with pytest.raises(ConnectionError):
            await client.rest()
        assert (await stand.sink.record()).outcome == "upstream_error"


async def test_a_stream_that_stalls() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await connection.until_closed()

    assert await broken_stream(serve, "timeout", idle_timeout_s=0.1) == b"data: 1\n\n"


async def test_a_stream_with_broken_chunks() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await asyncio.sleep(0.05)
        await connection.send(b"not a size\r\n")
        await connection.until_closed()

    assert await broken_stream(serve, "upstream_error") == b"data: 1\n\n"


async def test_fewer_bytes_than_declared() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

    assert await broken_stream(serve, "upstream_error") == b"only this"


async def test_more_bytes_than_declared_at_once() -> None:
    """What was declared arrives, the rest nowhere: the connection is not used again."""

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(response(b"exact") + b"HTTP/1.1 200 OK\r\n\r\nforged")
        await connection.until_closed()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        for number in range(1, 3):
            async with stand.session.get(f"{stand.url}/up/x") as got:
                assert (got.status, await got.read()) == (200, b"exact")
            assert len(upstream.connections) == number


async def test_more_bytes_than_declared_later() -> None:
    answered, sent = asyncio.Event(), asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(response(b"exact"))
        await answered.wait()
        await connection.send(b"and some more")
        sent.set()
        await connection.until_closed()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        for _ in range(2):
            async with stand.session.get(f"{stand.url}/up/x") as got:
                assert await got.read() == b"exact"
            answered.set()
            await sent.wait()
            answered.clear()
            sent.clear()
            await asyncio.sleep(0.05)
        records = await stand.sink.records(2)
    # What came too much never becomes the next caller's answer.
    assert len(upstream.connections) == 2
    assert [each.response_bytes for each in records] == [5, 5]


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("openai", {"error"}),
        ("anthropic", {"type", "error", "request_id"}),
        ("gemini", {"error"}),
        ("raw", {"error"}),
    ],
)
async def test_an_error_has_the_dialects_shape(dialect: str, fields: set[str]) -> None:
    async with standing(dialect=dialect) as stand:
        async with stand.session.post(f"{stand.url}/up/v1/x", data=b"{}") as got:
            assert got.status == 502
            assert set(await got.json()) == fields
        assert (await stand.sink.record()).dialect == dialect


async def test_a_head_that_is_not_http_does_not_stop_the_server() -> None:
    async with standing() as stand:
        async with raw_client(stand) as client:
            await client.send(b"\x16\x03\x01 nonsense\r\n\r\n")
            assert b" 400 " in (await client.rest()).split(b"\r\n")[0]
        async with stand.session.get(f"{stand.url}/mock/v1/models") as got:
            assert got.status == 200
