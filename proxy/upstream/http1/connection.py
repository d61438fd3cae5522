"""One connection to an upstream: one exchange at a time, back-pressure both ways.

What was read and not taken yet is bounded: above `HIGH_BYTES` the transport stops reading. What is
being sent waits while the transport's buffer is full. Nothing here raises out of a callback.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from app.errors import UpstreamError, UpstreamProtocolError, UpstreamReset
from proxy.upstream.http1.parser import ResponseParser
from proxy.upstream.watchdog import Watchdog

HIGH_BYTES: Final = 256 * 1024
LOW_BYTES: Final = 64 * 1024
IDLE_WRITE_BYTES: Final = 128 * 1024
EARLY: Final = "the response ended early"
Notify = Callable[[], None]


class Connection(asyncio.Protocol):
    """A connection; `on_end` is called once, when it ends, whoever ended it.

    It `is_full` while what was written waits for the upstream to take it; its `watchdog` guards
    what is expected; there is one once the connection is made.
    """

    def __init__(self) -> None:
        """Not connected."""
        self._transport: asyncio.Transport | None = None
        self._notify: Notify | None = None
        self._can_write = asyncio.Event()
        self._can_write.set()
        self.is_full = False
        self._paused = False
        self.watchdog: Watchdog | None = None
        self._on_expiry: Notify | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.parser = ResponseParser()
        self.buffered_bytes = 0
        self.error: UpstreamError | None = None
        self.ended = False
        self.used = 0
        self.idle_since_s = 0.0
        self.on_end: Callable[[Connection], None] | None = None

    # -- an exchange

    def begin(self, notify: Notify, *, is_head: bool) -> None:
        """Take the next exchange; `notify` is called whenever there is news."""
        self.parser.begin(is_head=is_head)
        self.buffered_bytes = 0
        self.used += 1
        self._notify = notify

    def write(self, data: bytes) -> None:
        """Send, or queue in the transport."""
        if self._transport is not None and not self.ended:
            self._transport.write(data)

    @property
    def unsent_bytes(self) -> int:
        """How much of what was written waits for the upstream to take it."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    async def can_write(self) -> None:
        """Wait until the transport takes more; returns at once when the connection has ended."""
        await self._can_write.wait()

    def news(self) -> "asyncio.Future[None]":
        """A future for whoever waits to be notified."""
        assert self._loop is not None
        return self._loop.create_future()

    def expect(self, limit_s: float, on_expiry: Notify) -> None:
        """Call back in `limit_s` seconds, unless `calm` or another `expect` comes first."""
        if self.watchdog is not None and not self.ended:
            self._on_expiry = on_expiry
            self.watchdog.arm(limit_s)

    def calm(self) -> None:
        """What was expected has come."""
        if self.watchdog is not None:
            self.watchdog.disarm()

    def take(self) -> bytes:
        """All of the body that has come; reading goes on if it was held up."""
        body = self.parser.body
        if not body:
            return b""
        taken = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        self.buffered_bytes = 0
        if self._paused:
            self._paused = False
            if self._transport is not None and not self.ended:
                self._transport.resume_reading()
        return taken

    def finish(self) -> bool:
        """The exchange is over; whether the connection can be used for another."""
        self._notify = self._on_expiry = None
        self.calm()
        parser = self.parser
        reusable = (
            not self.ended
            and self.error is None
            and parser.complete
            and parser.reusable
            and not parser.surplus
        )
        if not reusable:
            self.close()
        elif self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return reusable

    @property
    def is_usable(self) -> bool:
        """Whether an idle connection still is one."""
        transport = self._transport
        return not self.ended and transport is not None and not transport.is_closing()

    def close(self) -> None:
        """End it at once; a response that is still open ends with UpstreamReset."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()
        self._end(ConnectionAbortedError())

    # -- what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected, TLS included."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=IDLE_WRITE_BYTES)
        self._loop = asyncio.get_running_loop()
        # One timer for all exchanges: it is moved without touching the loop.
        self.watchdog = Watchdog(0.0, self._expire, _nothing)

    def data_received(self, data: bytes) -> None:
        """Bytes of a response; what nobody asked for ends the connection."""
        if self._notify is None:
            self.close()
            return
        parser = self.parser
        try:
            parser.feed(data)
        except UpstreamProtocolError as error:
            self._fail(error)
            return
        self.buffered_bytes += len(data)
        if self.buffered_bytes > HIGH_BYTES and not parser.complete and not self._paused:
            self._paused = True
            assert self._transport is not None
            self._transport.pause_reading()
        self._notify()

    def eof_received(self) -> bool:
        """The upstream sends no more: the end of a body that has no other, else too early."""
        self._end(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed by either side."""
        self._end(exc)

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self.is_full = True
        self._can_write.clear()

    def resume_writing(self) -> None:
        """It has room again."""
        self.is_full = False
        self._can_write.set()

    def _expire(self) -> None:
        if self._on_expiry is not None:
            self._on_expiry()

    def _fail(self, error: UpstreamError) -> None:
        self.error = self.error or error
        self.close()

    def _end(self, exc: Exception | None) -> None:
        if self.ended:
            return
        self.ended = True
        self.is_full = False
        self._can_write.set()
        if self.watchdog is not None:
            self.watchdog.cancel()
        is_whole = exc is None and self.error is None and self.parser.end_of_input()
        if not is_whole and self.error is None:
            began = self.parser.head_complete
            self.error = UpstreamReset(EARLY if began else "the connection broke before the head")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
        if self._notify is not None:
            self._notify()
        if self.on_end is not None:
            self.on_end(self)


def _nothing() -> None:
    """A connection that ends says so by itself."""
