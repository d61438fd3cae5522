"""An upstream played for any client: on a socket for those that use one, in memory directly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from app.errors import (
    UpstreamProtocolError,
    UpstreamRefused,
    UpstreamReset,
)
from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from proxy.upstream.protocol import RawHeaders, Timeouts, UpstreamClient, UpstreamRequest
from tests.support.raw_upstream import Connection, chunk, raw_upstream

PATIENT = Timeouts(connect_s=20, first_byte_s=20, idle_s=20)
FRAMING = (b"Transfer-Encoding", b"Connection")
HASTY = Timeouts(connect_s=20, first_byte_s=0.05, idle_s=0.05)


@dataclass
class Play:
    """How the upstream behaves. `steps` are the body; `end` is `clean`, `reset` or `stall`."""

    status: int = 200
    reason: bytes = b"OK"
    headers: RawHeaders = ()
    steps: Callable[[], AsyncIterator[bytes]] | None = None
    end: str = "clean"
    before_head: Callable[[], Awaitable[None]] | None = None
    reads_body: bool = True
    instead: str = ""


@dataclass
class Seen:
    """What reached the upstream."""

    line: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    aborted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class World:
    """A client whose upstream plays `play`."""

    client: UpstreamClient
    origin: str
    seen: Seen


async def _steps(play: Play) -> AsyncIterator[bytes]:
    if play.steps is not None:
        async for step in play.steps():
            yield step


def in_memory(play: Play, timeouts: Timeouts) -> World:
    seen = Seen()
    client = MemoryUpstream(lambda received: _answer(play, seen, received), timeouts)
    return World(client, "http://127.0.0.1:1", seen)


async def _answer(play: Play, seen: Seen, received: Received) -> Reply:
    request = received.request
    seen.aborted = received.aborted
    seen.line = f"{request.method} {request.target}".encode()
    seen.headers = list(request.headers)
    if play.reads_body:
        async for piece in received.body():
            seen.body += piece
    if play.instead == "refused":
        raise UpstreamRefused("nobody listens")
    if play.instead == "reset":
        raise UpstreamReset("before the head")
    if play.instead == "garbage":
        raise UpstreamProtocolError("garbage")
    if play.before_head is not None:
        await play.before_head()
    return Reply(play.status, play.headers, _memory_body(play), play.reason)


async def _memory_body(play: Play) -> AsyncIterator[bytes]:
    async for step in _steps(play):
        yield step
    if play.end == "reset":
        raise UpstreamReset("in the body")
    if play.end == "stall":
        await asyncio.Event().wait()


async def _play_on_socket(play: Play, seen: Seen, connection: Connection) -> None:
    line, *fields = (await connection.read_head()).removesuffix(b"\r\n\r\n").split(b"\r\n")
    seen.line = line.removesuffix(b" HTTP/1.1")
    pairs = [tuple(each.split(b": ", 1)) for each in fields]
    framing = (b"host", b"content-length", b"transfer-encoding")
    seen.headers = [(n, v) for n, v in pairs if n.lower() not in framing]
    if play.reads_body:
        seen.body = await connection.read_body()
    if play.instead == "reset":
        connection.reset()
        return
    if play.instead == "garbage":
        await connection.send(b"I do not speak HTTP\r\n\r\n")
        return
    if play.before_head is not None:
        await play.before_head()
    head = b"".join(b"%b: %b\r\n" % pair for pair in play.headers)
    status = b"HTTP/1.1 %d %b\r\n%bTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    await connection.send(status % (play.status, play.reason, head))
    watch = asyncio.create_task(connection.until_closed())
    connection.closed = seen.aborted
    async for step in _steps(play):
        await connection.send(chunk(step))
    if play.end == "clean":
        await connection.send(b"0\r\n\r\n")
    if play.end == "reset":
        connection.reset()
    await watch


@pytest.fixture(params=["http1", "memory"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    async with AsyncExitStack() as stack:

        async def build(play: Play, timeouts: Timeouts = PATIENT) -> World:
            if request.param == "memory":
                made = in_memory(play, timeouts)
            else:
                seen = Seen()
                upstream = await stack.enter_async_context(
                    raw_upstream(lambda connection: _play_on_socket(play, seen, connection))
                )
                port = 1 if play.instead == "refused" else upstream.port
                client = Http1Upstream(timeouts, 10)
                made = World(client, f"http://127.0.0.1:{port}", seen)
            stack.push_async_callback(made.client.close)
            return made

        yield build


def get(world: World, target: str = "/", **kwargs: object) -> UpstreamRequest:
    return UpstreamRequest("GET", world.origin, target, headers=[], **kwargs)  # type: ignore[arg-type]


async def read_all(response: object) -> list[bytes]:
    chunks = []
    while piece := await response.read():  # type: ignore[attr-defined]
        chunks.append(piece)
    return chunks


def pieces(*given: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def steps() -> AsyncIterator[bytes]:
        for piece in given:
            yield piece

    return steps


Build = Callable[..., Awaitable[World]]
