"""Connections kept for the next request: bounded in number, by origin, the youngest first.

At the bound a request waits its turn, first come first served; an idle connection to another
origin is closed for it. One that has been idle for too long is closed: its upstream is about to.
"""

import asyncio
import ssl
from collections import deque
from typing import Final

from app.errors import UpstreamRefused, UpstreamTimeout
from proxy.upstream.http1.connection import Connection
from proxy.upstream.http1.request import Origin

IDLE_S: Final = 15.0


class Pool:
    """The connections of one event loop."""

    def __init__(self, max_connections: int, connect_s: float, tls: ssl.SSLContext | None) -> None:
        """Empty. `connect_s` bounds waiting for a place, DNS, TCP and TLS together.

        It `is_closed` for good, if it is.
        """
        self._loop = asyncio.get_running_loop()
        self._max = max_connections
        self._connect_s = connect_s
        self._tls = tls
        self._idle: dict[Origin, deque[Connection]] = {}
        self._all: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self.is_closed = False

    def kept(self, origin: Origin) -> Connection | None:
        """An idle connection to an origin, unless others wait for their turn."""
        return None if self._waiting else self._reuse(origin)

    async def acquire(self, origin: Origin, *, fresh: bool = False) -> Connection:
        """An idle connection to an origin (`used` > 0), the youngest, else a new one.

        `fresh` asks for a new one. Raises: UpstreamRefused, UpstreamTimeout (`connect`).
        """
        if not fresh and (kept := self.kept(origin)) is not None:
            return kept
        try:
            async with asyncio.timeout(self._connect_s):
                kept = await self._place(origin, fresh=fresh)
                return kept or await self._connect(origin)
        except TimeoutError as exc:
            raise UpstreamTimeout("connect") from exc

    def _reuse(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            is_young = self._loop.time() - connection.idle_since_s < IDLE_S
            if connection.is_usable and is_young:
                return connection
            connection.close()
        return None

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection for the next request to its origin."""
        if self.is_closed or not connection.is_usable:
            connection.close()
            return
        connection.idle_since_s = self._loop.time()
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle[origin] = deque()
        idle.append(connection)
        if self._waiting:
            self._wake_one()
        if self._sweep is None:
            self._sweep = self._loop.call_later(IDLE_S / 2, self._sweep_idle)

    def close(self) -> None:
        """Close every connection, and refuse new ones."""
        self.is_closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for connection in list(self._all):
            connection.close()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _place(self, origin: Origin, *, fresh: bool) -> Connection | None:
        """Wait until there is an idle connection, or until a new one is allowed (None)."""
        is_new = True
        while True:
            if self.is_closed:
                raise UpstreamRefused("the relay is stopping")
            if is_new and self._waiting:
                pass
            elif not fresh and (kept := self._reuse(origin)) is not None:
                return kept
            elif len(self._all) + self._opening < self._max or self._close_an_idle_one():
                return None
            await self._turn(first=not is_new)
            is_new = False

    async def _turn(self, *, first: bool) -> None:
        """Wait to be woken, behind those who wait already; `first` for one who was woken before."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        (self._waiting.appendleft if first else self._waiting.append)(waiter)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                # Our turn had come: it is the next one's now.
                self._wake_one()
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    async def _connect(self, origin: Origin) -> Connection:
        self._opening += 1
        try:
            _, connection = await self._loop.create_connection(
                Connection,
                origin.host,
                origin.port,
                ssl=self._context() if origin.tls else None,
                server_hostname=origin.host if origin.tls else None,
            )
        except (OSError, UnicodeError) as exc:
            raise UpstreamRefused(f"no connection to {origin.host}:{origin.port}: {exc}") from exc
        finally:
            self._opening -= 1
            self._wake_one()
        if self.is_closed:
            connection.close()
            raise UpstreamRefused("the relay is stopping")
        self._all.add(connection)
        connection.on_end = self._forget
        if connection.ended:
            self._forget(connection)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._wake_one()

    def _wake_one(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _close_an_idle_one(self) -> bool:
        oldest = min(
            (idle[0] for idle in self._idle.values() if idle),
            key=lambda connection: connection.idle_since_s,
            default=None,
        )
        if oldest is None:
            return False
        for idle in self._idle.values():
            if idle and idle[0] is oldest:
                idle.popleft()
        oldest.close()
        return True

    def _sweep_idle(self) -> None:
        """Close those that have been idle for too long, and those that ended."""
        self._sweep = None
        limit_s = self._loop.time() - IDLE_S
        for origin, idle in list(self._idle.items()):
            while idle and (idle[0].idle_since_s <= limit_s or not idle[0].is_usable):
                idle.popleft().close()
            if not idle:
                del self._idle[origin]
        if self._idle and not self.is_closed:
            self._sweep = self._loop.call_later(IDLE_S / 2, self._sweep_idle)
