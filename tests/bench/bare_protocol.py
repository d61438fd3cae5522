"""A relay directly on asyncio's protocols and httptools, both sides, with no feature at all.

python -m tests.bench.bare_protocol PORT UPSTREAM_URL

An upper bound for what a server and a client of our own would bring, and no product: no timeouts,
no limits, no flow control, no pipelining, no cancellation, no header left out, no error answered.
"""

import asyncio
import gc
import sys
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop


class Messages(asyncio.Protocol):
    """One side: what its parser finds, in pieces that go on to the other side."""

    _parser: Any
    transport: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.fields: list[bytes] = []
        self.pieces: list[bytes] = []
        self.is_chunked = self.is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append(b"%b: %b\r\n" % (name, value))
        self.is_chunked |= value == b"chunked"

    def on_headers_complete(self) -> None:
        self.pieces += (self.first_line(), *self.fields, b"\r\n")
        self.fields.clear()

    def first_line(self) -> bytes:
        raise NotImplementedError

    def on_body(self, data: bytes) -> None:
        self.pieces.append(b"%x\r\n%b\r\n" % (len(data), data) if self.is_chunked else data)

    def on_message_complete(self) -> None:
        if self.is_chunked:
            self.pieces.append(b"0\r\n\r\n")
        self.is_chunked, self.is_whole = False, True

    def fed(self, data: bytes) -> bytes:
        """What goes on since the last time."""
        self._parser.feed_data(data)
        found = b"".join(self.pieces)
        self.pieces.clear()
        return found


class Upstream(Messages):
    """A connection to the upstream; an answer passes as it comes."""

    def ask(self, client: Any, idle: "list[Upstream]", request: bytes) -> None:
        """Send a request whose answer goes to this transport; idle again at its end."""
        self._client, self._idle = client, idle
        self._parser, self.is_whole = httptools.HttpResponseParser(self), False
        self.transport.write(request)

    def first_line(self) -> bytes:
        return b"HTTP/1.1 %d OK\r\n" % self._parser.get_status_code()

    def data_received(self, data: bytes) -> None:
        self._client.write(self.fed(data))
        if self.is_whole:
            self._idle.append(self)


class Client(Messages):
    """A connection of a client; a request goes on once it is whole."""

    def __init__(self, host: str, port: int, idle: list[Upstream]) -> None:
        self._at, self._idle = (host, port), idle
        self._parser, self._request = httptools.HttpRequestParser(self), b""
        self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def first_line(self) -> bytes:
        url, self._url = self._url, b""
        return b"%b %b HTTP/1.1\r\n" % (self._parser.get_method(), url)

    def data_received(self, data: bytes) -> None:
        self._request += self.fed(data)
        if self.is_whole:
            request, self._request, self.is_whole = self._request, b"", False
            if self._idle:
                self._idle.pop().ask(self.transport, self._idle, request)
            else:
                self._opening = asyncio.ensure_future(self._open(request))

    async def _open(self, request: bytes) -> None:
        _, made = await asyncio.get_running_loop().create_connection(Upstream, *self._at)
        made.ask(self.transport, self._idle, request)


async def serve(port: int, upstream_url: str) -> None:
    """Relay until the process is killed."""
    at, idle = urlsplit(upstream_url), list[Upstream]()
    made = partial(Client, at.hostname or "", at.port or 80, idle)
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    gc.freeze()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
