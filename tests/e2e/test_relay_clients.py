"""Clients that leave, stall, lie or ask for what cannot be: one record of each."""

import asyncio

import pytest

from proxy.upstream.memory import MemoryUpstream, Received, Reply
from tests.support.raw_upstream import (
    CHUNKED,
    LAST_CHUNK,
    Connection,
    chunk,
    raw_upstream,
    response,
)
from tests.support.relay import raw_client, standing

GET = b"GET /up/x HTTP/1.1\r\nHost: relay\r\n\r\n"
FINE = response(b'{"fine": true}', b"Content-Type: application/json")


async def test_leaving_in_a_stream_aborts_the_upstream() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await connection.until_closed()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
            await client.reader.readuntil(b"data: 1\n\n\r\n")
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.response_bytes) == ("client_abort", 200, 9)


@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_leaving_before_the_answer_aborts_the_upstream(body: bytes) -> None:
    asked = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.read_body()
        asked.set()
        await connection.until_closed()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with raw_client(stand) as client:
            length = b"Content-Length: %d" % len(body)
            await client.send(
                b"POST /up/x HTTP/1.1\r\nHost: relay\r\n" + length + b"\r\n\r\n" + body
            )
            await asked.wait()
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        record = await stand.sink.record()
    assert (record.outcome, record.status) == ("client_abort", None)


async def test_half_closing_is_leaving() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(GET)
        await client.head()
        client.writer.write_eof()
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        assert (await stand.sink.record()).outcome == "client_abort"


async def test_the_upstream_is_read_on_where_that_is_set() -> None:
    left = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await left.wait()
        await connection.send(chunk(b"data: 2\n\n") + LAST_CHUNK)

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort="drain") as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
            await client.reader.readuntil(b"data: 1\n\n\r\n")
        left.set()
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.response_bytes) == ("client_abort", 200, 18)


async def test_reading_on_begins_even_before_the_answer() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def answer(received: Received) -> Reply:
        asked.set()
        await left.wait()
        return Reply(200, chunks=[b"all", b"of it"])

    async with standing(client=MemoryUpstream(answer), on_client_abort="drain") as stand:
        async with raw_client(stand) as client:
            await client.send(GET)
            await asked.wait()
        await asyncio.sleep(0.05)
        left.set()
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.response_bytes) == ("client_abort", 200, 8)


async def test_reading_on_is_given_up_when_the_upstream_breaks() -> None:
    left = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await left.wait()
        connection.reset()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort="drain") as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
        left.set()
        record = await stand.sink.record()
    assert record.outcome == "client_abort"
    assert record.error is not None
    assert "ended early" in record.error


async def test_stopping_does_not_wait_for_ever_for_what_is_read_on() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort="drain") as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
        await asyncio.sleep(0.05)
        assert stand.sink.finished == []
        await stand.relay.close(0.01)
        assert (await stand.sink.record()).outcome == "client_abort"


@pytest.mark.parametrize("mode", ["abort", "drain"])
async def test_a_body_that_ends_early(mode: str) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort=mode) as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(
                b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\n\r\nhalf"
            )
            while not upstream.connections:
                await asyncio.sleep(0.01)
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        record = await stand.sink.record()
    assert (record.outcome, record.request_bytes) == ("client_abort", 4)


async def test_a_client_that_stops_sending_is_told_so() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.1) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\n\r\nhalf")
        assert (await client.head()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert (await stand.sink.record()).outcome == "client_abort"
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)


async def test_a_client_that_stops_reading_is_cut_off() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        while True:
            await connection.send(chunk(b"x" * (64 << 10)))

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.3) as stand,
        raw_client(stand) as client,
    ):
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(GET)
        assert (await stand.sink.record()).outcome == "client_abort"
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises(ConnectionError):
            await client.rest()


async def test_broken_chunks_from_the_client_are_a_client_that_stops() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    head = b"POST /up/x HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.2) as stand,
        raw_client(stand) as client,
    ):
        await client.send(head + b"4\r\nhalf\r\n")
        while not upstream.connections:
            await asyncio.sleep(0.01)
        await client.send(b"not a size\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        record = await stand.sink.record()
    assert (record.outcome, record.request_bytes) == ("client_abort", 4)


async def test_an_answer_that_comes_before_the_body_was_sent() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(
            response(b"too large", b"Connection: close", status=b"413 Content Too Large")
        )
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        head = b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 1000000\r\n\r\n"
        await client.send(head + b"x" * 1000)
        assert (await client.head()).startswith(b"HTTP/1.1 413 Content Too Large\r\n")
        assert await client.reader.readexactly(9) == b"too large"
        record = await stand.sink.record()
    assert (record.outcome, record.status) == ("completed", 413)
