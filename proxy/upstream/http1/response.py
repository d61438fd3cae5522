"""The response of one exchange, as the relay reads it."""

import asyncio
from collections.abc import Callable
from typing import Final

from app.errors import UpstreamError, UpstreamReset, UpstreamTimeout
from proxy.upstream.http1.connection import EARLY, Connection
from proxy.upstream.protocol import RawHeaders, Take, Told

PAUSE: Final = Exception("no failure: whoever takes the bytes wants no more of them now")


class Http1Response:
    """See `UpstreamResponse`. Read by one task at a time."""

    __slots__ = (
        "_connection",
        "_failure",
        "_idle_s",
        "_is_over",
        "_on_over",
        "_stop",
        "_take",
        "_told",
        "_waiter",
        "headers",
        "reason",
        "status",
    )

    def __init__(self, connection: Connection, on_over: Callable[[Connection, bool], None]) -> None:
        """`on_over` is called once, with whether the connection can be used again."""
        self.status = 0
        self.reason = b""
        self.headers: RawHeaders = ()
        self._connection = connection
        self._on_over = on_over
        self._waiter: asyncio.Future[None] | None = None
        self._idle_s: float | None = None
        self._failure: UpstreamError | None = None
        self._is_over = False
        self._take: Take | None = None
        self._told: Told | None = None
        self._stop: Exception | None = None

    # -- the head, for the client

    def news(self) -> None:
        """The connection has something: bytes, the end, a failure."""
        take = self._take
        if take is not None and self._failure is None and self._flows_on(take):
            return
        if self._told is not None:
            self._told()
            return
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    @property
    def is_waited_for(self) -> bool:
        """Whether the head has not come, and may come yet."""
        return self.status == 0 and not self._is_over and not self._connection.parser.head_complete

    def expect_head(self, limit_s: float) -> None:
        """From now on the wait for the head is bounded, if it has not ended."""
        if self.is_waited_for:
            self._connection.expect(limit_s, self._expire_head)

    async def head(self) -> None:
        """Wait for the head. Raises: UpstreamReset, UpstreamProtocolError, UpstreamTimeout."""
        while not self.is_headed():
            await self._news()

    def is_headed(self) -> bool:
        """Whether the head has come; see `UpstreamResponse.is_headed`."""
        if self.status:
            return True
        connection = self._connection
        parser = connection.parser
        if not parser.head_complete:
            if self._failure is not None:
                raise self._failure
            if connection.ended:
                raise self._fail(connection.error or _early())
            return False
        connection.calm()
        self.status, self.reason, self.headers = parser.status, parser.reason, parser.headers
        return True

    def listen(self, told: Told | None) -> None:
        """See `UpstreamResponse.listen`."""
        self._told, self._take = told, None
        if told is None and not self._is_over:
            # Nobody waits until `read` or `pass_to` does: a pause of theirs is not the upstream's.
            self._connection.calm()

    def flow_to(self, take: Take) -> None:
        """See `UpstreamResponse.flow_to`."""
        self._take, self._stop = take, None

    def watch(self, idle_s: float) -> None:
        """From now on a wait for a further chunk is bounded."""
        self._idle_s = idle_s

    # -- the body, for the relay

    @property
    def is_over(self) -> bool:
        """See `UpstreamResponse.is_over`."""
        return self._is_over

    def expect_more(self) -> None:
        """See `UpstreamResponse.expect_more`."""
        if self._idle_s is not None:
            self._connection.expect(self._idle_s, self._expire)

    async def read(self) -> bytes:
        """The next bytes as they came; see `UpstreamResponse.read`."""
        while True:
            if (taken := self.read_nowait()) or self._is_over:
                return taken
            self.expect_more()
            await self._news()
            self._connection.calm()

    async def pass_to(self, take: Take) -> bool:
        """Without a turn of the event loop for each chunk; see `UpstreamResponse.pass_to`."""
        while True:
            while taken := self.read_nowait():
                if not take(taken):
                    return False
            if self._is_over:
                return True
            self.flow_to(take)
            self.expect_more()
            try:
                await self._news()
            finally:
                self._take = None
                self._connection.calm()
            if (stop := self._stop) is not None:
                if stop is not PAUSE:
                    raise stop
                return False

    def _flows_on(self, take: Take) -> bool:
        """Give away what has come; False where there is something to tell whoever waits."""
        connection, stop = self._connection, None
        try:
            if (taken := connection.take()) and not take(taken):
                stop = PAUSE
        except Exception as exc:  # noqa: BLE001 - raised where it is waited for
            stop = exc
        if stop is not None or connection.parser.complete or connection.ended:
            self._take, self._stop = None, stop
            return False
        if (watchdog := connection.watchdog) is not None:
            watchdog.stirred = True
        return True

    def read_nowait(self) -> bytes:
        """What has come; see `UpstreamResponse.read_nowait`."""
        if self._failure is not None:
            raise self._failure
        if self._is_over:
            return b""
        connection = self._connection
        parser = connection.parser
        if parser.body:
            return connection.take()
        if parser.complete:
            self._over()
        elif connection.ended:
            raise self._fail(connection.error or _early())
        return b""

    def abort(self) -> None:
        """Close the connection at once unless the response has ended."""
        if not self._is_over:
            self._fail(UpstreamReset("the response was given up"))

    # -- ends

    def fail(self, error: UpstreamError) -> UpstreamError:
        """Give up for this reason, unless there is one already; the reason that counts."""
        return self._fail(error)

    def _expire(self) -> None:
        self._fail(UpstreamTimeout("idle"))
        self.news()

    def _expire_head(self) -> None:
        self._fail(UpstreamTimeout("first_byte"))
        self.news()

    def _fail(self, error: UpstreamError) -> UpstreamError:
        if self._failure is None and not self._is_over:
            self._failure = error
            self._over(broken=True)
        return self._failure or error

    def _over(self, *, broken: bool = False) -> None:
        self._is_over = True
        connection = self._connection
        if broken:
            connection.close()
        self._on_over(connection, connection.finish())

    async def _news(self) -> None:
        self._waiter = self._connection.news()
        try:
            await self._waiter
        finally:
            self._waiter = None


def _early() -> UpstreamError:
    return UpstreamReset(EARLY)
