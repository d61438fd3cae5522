"""A server whose `/in/…` is answered in place, and whose other paths go the ordinary way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from app.front import IN_PLACE, FrontRunner
from app.front_connection import InPlaceRequest

PATIENT_S = 20


@dataclass
class Answers:
    """Answers with the body that came; notes what happened. `/in/held` waits to be let go."""

    taken: list[InPlaceRequest] = field(default_factory=list)
    lost_bodies: list[bytes] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, request: InPlaceRequest) -> "Answers | None":
        if request.message.path == "/in/declined":
            return None
        self.taken.append(request)
        self.came.set()
        if request.message.path != "/in/held":
            self.answer(request)
        return self

    def answer(self, request: InPlaceRequest) -> None:
        body = request.content.read_nowait()
        assert request.transport is not None
        request.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        request.protocol.answered(keep_alive=request.keep_alive)

    def client_left(self) -> None:
        self.left.set()

    def lost(self, request: InPlaceRequest) -> None:
        self.lost_bodies.append(request.content.read_nowait())


@dataclass
class Stand:
    port: int
    answers: Answers
    runner: FrontRunner

    opened: list[asyncio.StreamWriter] = field(default_factory=list)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened.append(writer)
        return reader, writer


@asynccontextmanager
async def serving(**options: float) -> AsyncIterator[Stand]:
    async def ordinary(request: web.Request) -> web.Response:
        return web.Response(body=b"ordinary " + await request.read())

    web_app, answers = web.Application(), Answers()
    web_app.router.add_route("*", "/{path:.*}", ordinary)
    web_app[IN_PLACE] = {"in": answers}
    runner = FrontRunner(web_app, handler_cancellation=True, shutdown_timeout=5, **options)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand = Stand(runner.addresses[0][1], answers, runner)
    try:
        yield stand
    finally:
        for writer in stand.opened:
            writer.close()
        closed = (writer.wait_closed() for writer in stand.opened)
        await asyncio.gather(*closed, return_exceptions=True)
        await runner.cleanup()


def post(path: str, body: bytes, more: str = "") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: h\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENT_S):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return await reader.readexactly(length)
