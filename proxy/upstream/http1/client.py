"""`Http1Upstream`: pooled HTTP/1.1 to any origin."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Final

from app.errors import UpstreamError, UpstreamRefused, UpstreamReset, UpstreamTimeout
from app.tasks import spawn
from proxy.upstream.http1.connection import Connection
from proxy.upstream.http1.pool import Pool
from proxy.upstream.http1.request import Head, Origin, head_of, origin_of
from proxy.upstream.http1.response import Http1Response
from proxy.upstream.http1.upload import upload
from proxy.upstream.protocol import Timeouts, Told, UpstreamRequest

SAFE_TO_REPEAT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
TOGETHER_BYTES: Final = 64 * 1024


class Http1Upstream:
    """An `UpstreamClient`; to be built inside a running loop."""

    def __init__(
        self, timeouts: Timeouts, max_connections: int, tls: ssl.SSLContext | None = None
    ) -> None:
        """`tls` None means the system's authorities."""
        self._timeouts = timeouts
        self._pool = Pool(max_connections, timeouts.connect_s, tls)
        self._origin_of = lru_cache(maxsize=256)(origin_of)

    async def send(self, request: UpstreamRequest) -> Http1Response:
        """The response once its head is there; see `UpstreamClient.send`."""
        origin, head = self._prepared(request)
        connection = self._pool.kept(origin) or await self._pool.acquire(origin)
        kept = connection.used > 0
        try:
            return await self._exchange(connection, origin, request, head)
        except UpstreamReset:
            # Kept connections are closed by upstreams at any time, also just now.
            if not kept or not _may_repeat(request) or connection.parser.has_begun:
                raise
        fresh = await self._pool.acquire(origin, fresh=True)
        return await self._exchange(fresh, origin, request, head)

    def begin(self, request: UpstreamRequest, told: Told) -> Http1Response | None:
        """See `UpstreamClient.begin`."""
        origin, head = self._prepared(request)
        connection = self._pool.kept(origin)
        return None if connection is None else self._begun(connection, origin, request, head, told)

    async def reach(self, request: UpstreamRequest, told: Told) -> Http1Response:
        """See `UpstreamClient.reach`."""
        origin, head = self._prepared(request)
        connection = await self._pool.acquire(origin)
        return self._begun(connection, origin, request, head, told)

    async def close(self) -> None:
        """Close every connection."""
        self._pool.close()
        # Transports are gone in the loop's next turns.
        await asyncio.sleep(0)

    def _prepared(self, request: UpstreamRequest) -> tuple[Origin, Head]:
        """Where a request goes, and its head. Raises: UpstreamRefused, UpstreamProtocolError."""
        if self._pool.is_closed:
            raise UpstreamRefused("the relay is stopping")
        origin = self._origin_of(request.origin)
        return origin, head_of(request, origin.authority)

    async def _exchange(
        self, connection: Connection, origin: Origin, request: UpstreamRequest, head: Head
    ) -> Http1Response:
        def over(connection: Connection, reusable: bool) -> None:
            if sending is not None and not sending.done():
                # The answer came before the whole request was sent: what follows has no meaning.
                sending.cancel()
                connection.close()
            elif reusable:
                self._pool.give_back(origin, connection)

        sending: asyncio.Task[None] | None = None
        response = Http1Response(connection, over)
        connection.begin(response.news, is_head=request.method == "HEAD")
        body = request.body
        try:
            if body is None or isinstance(body, bytes):
                _write_whole(connection, head.data, body)
                if connection.is_full:
                    flushed = _flushed(connection, response, self._timeouts.idle_s)
                    sending = spawn(flushed, name="upstream-upload")
            else:
                connection.write(head.data)
                sending = spawn(_sent(connection, head, body, response), name="upstream-upload")
            if sending is None:
                response.expect_head(self._timeouts.first_byte_s)
            elif response.is_waited_for:
                self._bound(response, sending)
            await response.head()
        except BaseException as exc:
            response.fail(exc if isinstance(exc, UpstreamError) else UpstreamReset("given up"))
            raise
        response.watch(self._timeouts.idle_s)
        return response

    def _begun(
        self,
        connection: Connection,
        origin: Origin,
        request: UpstreamRequest,
        head: Head,
        told: Told,
    ) -> Http1Response:
        """The request handed over to the transport; its answer still to come."""
        assert request.body is None or isinstance(request.body, bytes)

        def over(connection: Connection, reusable: bool) -> None:
            if reusable and connection.is_full:
                # The answer came before the whole request was sent.
                connection.close()
            elif reusable:
                self._pool.give_back(origin, connection)

        response = Http1Response(connection, over)
        response.listen(told)
        connection.begin(response.news, is_head=request.method == "HEAD")
        _write_whole(connection, head.data, request.body)
        response.expect_head(self._timeouts.first_byte_s)
        response.watch(self._timeouts.idle_s)
        return response

    def _bound(self, response: Http1Response, sending: "asyncio.Task[None]") -> None:
        """Bound the wait for the head; the time counts from the request's last byte."""
        limit_s = self._timeouts.first_byte_s
        sending.add_done_callback(lambda _: response.expect_head(limit_s))


def _write_whole(connection: Connection, head: bytes, body: bytes | None) -> None:
    if body and len(body) <= TOGETHER_BYTES:
        connection.write(head + body)
        return
    connection.write(head)
    if body:
        connection.write(body)


async def _flushed(connection: Connection, response: Http1Response, idle_s: float) -> None:
    """Wait until the upstream has taken most of what was written.

    One that takes none of it for `idle_s` ends the exchange, unless its answer has begun.
    """
    while connection.is_full:
        unsent_bytes = connection.unsent_bytes
        try:
            async with asyncio.timeout(idle_s):
                await connection.can_write()
        except TimeoutError:
            if response.is_waited_for and connection.unsent_bytes == unsent_bytes:
                response.fail(UpstreamTimeout("idle"))
                response.news()
                return


async def _sent(
    connection: Connection, head: Head, body: AsyncIterator[bytes], response: Http1Response
) -> None:
    """Send the body; a failure ends the exchange, and is its reason."""
    try:
        await upload(connection, head, body)
    except UpstreamError as error:
        response.fail(error)
        response.news()
    except Exception as exc:  # noqa: BLE001 - mapped: its owner, who gave the iterator, knows it
        response.fail(UpstreamReset(f"the request's body broke off: {type(exc).__name__}"))
        response.news()


def _may_repeat(request: UpstreamRequest) -> bool:
    """Whether it does no harm if the upstream has carried it out already."""
    whole = request.body is None or isinstance(request.body, bytes)
    return whole and request.method in SAFE_TO_REPEAT
