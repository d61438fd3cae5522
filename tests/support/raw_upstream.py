"""An upstream on a bare socket: it does exactly what a test's function writes, good or bad."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Connection:
    """One accepted connection, with just enough HTTP to read requests."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes = b""
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read_head(self) -> bytes:
        """The next request's head, its blank line included."""
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        return self.head

    async def read_body(self) -> bytes:
        """The body that the last head announced, chunked or by length."""
        head = self.head.lower()
        if b"transfer-encoding: chunked" in head:
            return b"".join([chunk async for chunk in self.chunks()])
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return await self.reader.readexactly(int(line.split(b":")[1]))
        return b""

    async def read_chunk(self) -> bytes:
        """One chunk of a chunked body; empty at its end."""
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        """Every chunk of a chunked body."""
        while chunk := await self.read_chunk():
            yield chunk

    async def send(self, data: bytes) -> None:
        """Write and flush."""
        self.writer.write(data)
        await self.writer.drain()

    async def until_closed(self) -> None:
        """Wait until the other side closes or resets; what it still sends is thrown away."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass
        self.closed.set()

    def reset(self) -> None:
        """Break off at once."""
        self.writer.transport.abort()


@dataclass
class RawUpstream:
    """Where it listens, and the connections it has had."""

    port: int = 0
    connections: list[Connection] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def raw_upstream(
    serve: Callable[[Connection], Awaitable[None]],
) -> AsyncIterator[RawUpstream]:
    """Listen on a free port; `serve` runs once per connection, which is closed after it."""
    upstream = RawUpstream()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        upstream.connections.append(connection)
        try:
            await serve(connection)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as exc:  # noqa: BLE001 - told by the test that listens
            upstream.errors.append(exc)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        for connection in upstream.connections:
            if not connection.writer.transport.is_closing():
                connection.writer.transport.abort()
        await server.wait_closed()
        assert not upstream.errors, upstream.errors


def response(body: bytes, *lines: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole response with its Content-Length."""
    head = b"".join(line + b"\r\n" for line in lines)
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), head, body)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"
