"""The response on the client's connection: head and body bytes exactly as the upstream sent them.

Written to the transport directly, because aiohttp's own response would re-encode header values and
add fields of its own. Framing (RFC 9112 §6) is ours: the upstream's Content-Length where there is
one, else chunked, else (HTTP/1.0) the connection's end.
"""

import asyncio
import socket
import struct
from typing import Final

from aiohttp import HttpVersion11, web

from app.errors import ClientGone, UpstreamProtocolError, UpstreamReset
from app.front_connection import InPlaceRequest
from proxy.relay.headers import ResponseHead, encode_head

BODYLESS_STATUSES: Final = frozenset({204, 304})
NO_LINGERING: Final = struct.pack("ii", 1, 0)
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


def _reset(transport: asyncio.Transport) -> None:
    # Closing alone would end an unframed body cleanly; without lingering it is a TCP reset.
    if (sock := transport.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    transport.abort()


class _Written(web.StreamResponse):
    """What a handler returns to aiohttp when the response has been written already."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._kept = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether the connection serves another request."""
        return self._kept

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing: the head is written."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: the body is written."""


KEPT: Final = _Written(keep_alive=True)
CLOSED: Final = _Written(keep_alive=False)


Asked = web.BaseRequest | InPlaceRequest


class Downstream:
    """One response; `idle_s` is how long a client may go without taking data."""

    __slots__ = (
        "_bodyless",
        "_chunked",
        "_hangs_up",
        "_has_written",
        "_idle_s",
        "_keep_alive",
        "_protocol",
        "_remaining",
        "_request",
        "_request_id",
        "_writer",
        "started",
    )

    def __init__(self, request: Asked, request_id: str, idle_s: float) -> None:
        self._request = request
        self._protocol = request.protocol
        self._writer = request.writer
        self._request_id = request_id.encode()
        self._idle_s = idle_s
        self._keep_alive = request.keep_alive
        self._bodyless = False
        self._chunked = False
        self._hangs_up = False
        self._has_written = False
        self._remaining: int | None = None
        self.started = False

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection serves another request."""
        return self._keep_alive

    @property
    def is_paused(self) -> bool:
        """Whether the client takes no more: `drained` is to be awaited."""
        return self._protocol.writing_paused

    @property
    def result(self) -> web.StreamResponse:
        """What the handler returns to aiohttp."""
        return KEPT if self._keep_alive else CLOSED

    def close_after(self) -> None:
        """Close the connection after this response; to be called before `start`."""
        self._keep_alive = False

    def hang_up_after(self) -> None:
        """Close without waiting for a body that the client was never asked for."""
        self._keep_alive = False
        self._hangs_up = True

    async def send_continue(self) -> None:
        """Tell a client that waits for it (RFC 9110 §10.1.1) to send its body."""
        if not self.started:
            await self._write(CONTINUE)

    async def start(self, status: int, reason: bytes, head: ResponseHead, first: bytes) -> None:
        """`begin` and `drained`."""
        self.begin(status, reason, head, first)
        await self.drained()

    def begin(self, status: int, reason: bytes, head: ResponseHead, first: bytes) -> None:
        """Send the head and the first bytes of the body, which may be none.

        Raises: ClientGone; UpstreamProtocolError when the head cannot be passed on.
        """
        self._bodyless = status in BODYLESS_STATUSES or self._request.method == "HEAD"
        own = b"tailrace-request-id: %b\r\n%b" % (self._request_id, self._frame(head))
        try:
            data = encode_head(status, reason, head.passed, own)
        except ValueError as exc:
            raise UpstreamProtocolError(str(exc)) from exc
        self.started = True
        self._write_now(data + self._framed(first) if first else data)

    def push(self, chunk: bytes) -> bool:
        """Send some of the body; whether the client takes more, else `drained` is to be awaited.

        Raises: ClientGone; UpstreamProtocolError when it is more than was declared.
        """
        if data := self._framed(chunk):
            self._write_now(data)
        return not self._protocol.writing_paused

    async def drained(self) -> None:
        """Wait while the client takes no more. Raises: ClientGone."""
        if self._protocol.writing_paused:
            await self._drain()

    async def write(self, chunk: bytes) -> None:
        """`push` and `drained`."""
        if not self.push(chunk):
            await self._drain()

    async def end(self) -> None:
        """`finish` and `drained`."""
        self.finish()
        await self.drained()

    def finish(self) -> None:
        """Say that the body is complete. Raises: UpstreamReset when it is less than declared."""
        if self._remaining:
            raise UpstreamReset(f"{self._remaining} bytes of the declared length are missing")
        if self._chunked:
            self._write_now(b"0\r\n\r\n")
        if self._hangs_up and self._request.transport is not None:
            self._request.transport.close()

    def cut(self, *, at_once: bool = False) -> None:
        """Break off, so that the client sees that the response is not complete.

        What was written still goes out, unless `at_once`: for a client that takes no more.
        """
        self._keep_alive = False
        transport = self._request.transport
        if transport is None:
            return
        if (self._chunked or self._remaining) and not at_once:
            transport.close()
        else:
            _reset(transport)

    def _frame(self, head: ResponseHead) -> bytes:
        lines = b""
        modern = self._request.version >= HttpVersion11
        if not self._bodyless:
            self._remaining = head.content_length
            if head.content_length is None:
                self._chunked = modern
                self._keep_alive = self._keep_alive and modern
                lines = b"Transfer-Encoding: chunked\r\n" if modern else b""
        if modern and not self._keep_alive:
            lines += b"Connection: close\r\n"
        elif not modern and self._keep_alive:
            lines += b"Connection: keep-alive\r\n"
        return lines

    def _framed(self, chunk: bytes) -> bytes:
        if self._bodyless:
            return b""
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(chunk), chunk)
        if self._remaining is not None:
            if len(chunk) > self._remaining:
                raise UpstreamProtocolError("more bytes than the declared length")
            self._remaining -= len(chunk)
        return chunk

    async def _write(self, data: bytes) -> None:
        self._write_now(data)
        if self._protocol.writing_paused:
            await self._drain()

    def _write_now(self, data: bytes) -> None:
        transport = self._protocol.transport
        if transport is None or transport.is_closing():
            raise ClientGone("the connection is closed")
        transport.write(data)
        if not self._has_written:
            # aiohttp answers for a handler that fails only while nothing was sent.
            self._has_written = True
            self._writer.output_size += len(data)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._idle_s):
                await self._request.writer.drain()
        except TimeoutError as exc:
            raise ClientGone("the client takes no more data") from exc
        except ConnectionError as exc:
            raise ClientGone("the connection is closed") from exc
