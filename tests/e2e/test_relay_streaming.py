"""Bytes pass as they come, and back-pressure both ways."""

import asyncio
from collections.abc import AsyncIterator

from tests.support.raw_upstream import (
    CHUNKED,
    LAST_CHUNK,
    Connection,
    chunk,
    raw_upstream,
    response,
)
from tests.support.relay import Stand, raw_client, standing

FINE = response(b'{"fine": true}', b"Content-Type: application/json")


async def answer_fine(connection: Connection) -> None:
    while True:
        await connection.read_head()
        await connection.read_body()
        await connection.send(FINE)


async def test_a_chunk_reaches_the_client_before_the_next_is_sent() -> None:
    received = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        for number in range(5):
            await connection.send(chunk(b"data: %d\n\n" % number))
            await received.wait()
            received.clear()
        await connection.send(LAST_CHUNK)

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with stand.session.get(f"{stand.url}/up/x") as got:
            assert got.headers["Content-Type"] == "text/event-stream"
            for number in range(5):
                assert await got.content.readany() == b"data: %d\n\n" % number
                received.set()
            assert await got.content.readany() == b""
        record = await stand.sink.record()
    assert (record.outcome, record.response_bytes) == ("completed", 45)


async def test_a_piece_of_the_request_reaches_the_upstream_before_the_next_is_sent() -> None:
    received = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        async for piece in connection.chunks():
            assert piece
            received.set()
        await connection.send(FINE)

    async def body() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"piece"
            await received.wait()
            received.clear()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with stand.session.post(f"{stand.url}/up/x", data=body()) as got:
            assert got.status == 200
        record = await stand.sink.record()
    assert record.request_bytes == 25
    assert b"Transfer-Encoding: chunked" in upstream.connections[0].head


async def test_a_large_body_is_streamed_up_in_pieces() -> None:
    size = 10 << 20
    first_piece_read = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        got = await connection.reader.readexactly(1)
        first_piece_read.set()
        got += await connection.reader.readexactly(size - 1)
        assert got == b"x" * size
        await connection.send(FINE)

    async def body() -> AsyncIterator[bytes]:
        yield b"x" * (64 << 10)
        # The upstream has the beginning while the rest is not even made.
        await first_piece_read.wait()
        for _ in range(159):
            yield b"x" * (64 << 10)

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        headers = {"Content-Length": str(size)}
        async with stand.session.post(f"{stand.url}/up/x", data=body(), headers=headers) as got:
            assert got.status == 200
        record = await stand.sink.record()
    assert record.request_bytes == size
    assert b"Content-Length: %d" % size in upstream.connections[0].head


async def test_an_upstream_that_does_not_read_holds_the_client_back() -> None:
    sent_bytes, go_on = 0, asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await go_on.wait()
        await connection.read_body()
        await connection.send(FINE)

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent_bytes
        for _ in range(1024):
            yield b"x" * (64 << 10)
            sent_bytes += 64 << 10

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        posting = asyncio.create_task(_status(stand, body()))
        before = -1
        while before != sent_bytes or not sent_bytes:
            before = sent_bytes
            await asyncio.sleep(0.2)
        # Socket buffers and ours are full; 64 MiB would not fit into them.
        assert sent_bytes < 32 << 20
        go_on.set()
        assert await posting == 200


async def _status(stand: Stand, body: AsyncIterator[bytes]) -> int:
    async with stand.session.post(f"{stand.url}/up/x", data=body) as got:
        return got.status


async def test_a_client_that_does_not_read_holds_the_upstream_back() -> None:
    sent_bytes = 0

    async def serve(connection: Connection) -> None:
        nonlocal sent_bytes
        await connection.read_head()
        await connection.send(CHUNKED)
        for _ in range(1024):
            await connection.send(chunk(b"x" * (64 << 10)))
            sent_bytes += 64 << 10
        await connection.send(LAST_CHUNK)

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(b"GET /up/x HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
        before = -1
        while before != sent_bytes or not sent_bytes:
            before = sent_bytes
            await asyncio.sleep(0.2)
        assert sent_bytes < 32 << 20
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert (await client.rest()).endswith(LAST_CHUNK)
        assert (await stand.sink.record()).response_bytes == 64 << 20


async def test_expect_100_is_answered_once_the_upstream_wants_the_body() -> None:
    async with (
        raw_upstream(answer_fine) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        head = b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 4\r\n"
        await client.send(head + b"Expect: 100-continue\r\n\r\n")
        assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"body")
        assert (await client.head()).startswith(b"HTTP/1.1 200 OK\r\n")
        assert (await stand.sink.record()).request_bytes == 4
    assert b"Expect" not in upstream.connections[0].head


async def test_expect_100_is_never_answered_where_the_body_is_not_wanted() -> None:
    async with standing() as stand, raw_client(stand) as client:
        head = b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 4\r\n"
        await client.send(head + b"Expect: 100-continue\r\n\r\n")
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        assert b"\r\nConnection: close\r\n" in answer


async def test_another_expectation_fails() -> None:
    async with standing() as stand:
        headers = {"Expect": "miracles"}
        async with stand.session.post(f"{stand.url}/up/x", data=b"", headers=headers) as got:
            assert got.status == 417


async def test_an_old_client_gets_a_body_without_chunks() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"old ") + chunk(b"times") + LAST_CHUNK)

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"GET /up/x HTTP/1.0\r\nHost: relay\r\n\r\n")
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
        assert body == b"old times"
        assert b"chunked" not in head


async def test_an_old_client_may_keep_its_connection() -> None:
    async with (
        raw_upstream(answer_fine) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        for _ in range(2):
            await client.send(b"GET /up/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert b"Connection: keep-alive\r\n" in await client.head()
            await client.reader.readexactly(14)


async def test_connections_are_used_again_on_both_sides() -> None:
    async with (
        raw_upstream(answer_fine) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        for _ in range(3):
            await client.send(b"POST /up/x HTTP/1.1\r\nHost: r\r\nContent-Length: 2\r\n\r\n{}")
            await client.head()
            await client.reader.readexactly(14)
        await stand.sink.records(3)
    assert len(upstream.connections) == 1


async def test_informational_answers_are_skipped() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + FINE)

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        stand.session.get(f"{stand.url}/up/x") as got,
    ):
        assert (got.status, await got.read()) == (200, b'{"fine": true}')
