"""Whole bodies that are more than an upstream takes at once, on either event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from app.errors import UpstreamTimeout
from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.protocol import Timeouts, UpstreamRequest
from tests.support.raw_upstream import (
    CHUNKED,
    LAST_CHUNK,
    Connection,
    RawUpstream,
    chunk,
    raw_upstream,
    response,
)

# More than the sockets' buffers hold.
LARGE = b"x" * (400 * 65536)
HASTY = Timeouts(connect_s=20, first_byte_s=20, idle_s=0.2)
Run = Callable[[Coroutine[Any, Any, None]], None]
on_both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run])


@asynccontextmanager
async def sending() -> AsyncIterator[Http1Upstream]:
    """A client that waits for an upstream to take data for a moment only."""
    client = Http1Upstream(HASTY, max_connections=4)
    try:
        yield client
    finally:
        await client.close()


async def answer(client: Http1Upstream, upstream: RawUpstream) -> bytes:
    got = await client.send(UpstreamRequest("POST", upstream.origin, "/", [], LARGE))
    body = b""
    while piece := await got.read():
        body += piece
    return body


@on_both_loops
def test_an_upstream_that_does_not_read_is_given_up(run: Run) -> None:
    """As it is where a body is streamed."""
    given_up = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await given_up.wait()

    async def play() -> None:
        async with raw_upstream(serve) as upstream, sending() as client:
            with pytest.raises(UpstreamTimeout) as caught:
                async with asyncio.timeout(10):
                    await answer(client, upstream)
            given_up.set()
        assert caught.value.kind == "idle"

    run(play())


@on_both_loops
def test_an_upstream_that_reads_slowly_is_waited_for(run: Run) -> None:
    """For longer than it may go without reading."""

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        got = 0
        while got < len(LARGE):
            got += len(await connection.reader.read(65536))
            if got < len(LARGE) // 2:
                await asyncio.sleep(0.005)
        await connection.send(response(b"%d" % got))

    async def play() -> None:
        async with raw_upstream(serve) as upstream, sending() as client:
            assert await answer(client, upstream) == b"%d" % len(LARGE)

    run(play())


@on_both_loops
def test_an_answer_that_came_before_is_not_cut(run: Run) -> None:
    """However long it takes; its connection is not used again."""

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        for _ in range(12):
            await connection.send(chunk(b"no"))
            await asyncio.sleep(0.04)
        await connection.send(LAST_CHUNK)
        await connection.until_closed()

    async def play() -> None:
        async with raw_upstream(serve) as upstream, sending() as client:
            for number in (1, 2):
                assert await answer(client, upstream) == b"no" * 12
                assert len(upstream.connections) == number

    run(play())
