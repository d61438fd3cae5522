"""A stand-in for another worker: real sockets, answers of any kind, bytes among them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from tests.support.web_server import served

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    """The URL of a server that answers every GET by `handler`."""
    web_app = web.Application()
    web_app.router.add_get("/{path:.*}", handler)
    async with served(web_app) as url:
        yield url


@asynccontextmanager
async def saying(raw: bytes, *, hangs: bool = False) -> AsyncIterator[str]:
    """The URL of a server that says these bytes and closes the connection, or leaves it open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            await writer.drain()
            if hangs:
                await reader.read()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
