"""The upstream client on aiohttp's ClientSession.

One limit of aiohttp: header values are written as UTF-8, so a value that is not UTF-8 is sent
transcoded from ISO-8859-1.
"""

import asyncio
import ssl
from typing import NoReturn

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict
from yarl import URL

from app.errors import (
    UpstreamError,
    UpstreamProtocolError,
    UpstreamRefused,
    UpstreamReset,
    UpstreamTimeout,
)
from proxy.upstream.protocol import RawHeaders, Timeouts, UpstreamRequest
from proxy.upstream.watchdog import Watchdog

POOL_KEEPALIVE_S = 15
DNS_CACHE_S = 30
READ_BUFFER_BYTES = 64 * 1024
MAX_HEADER_BYTES = 64 * 1024
MAX_HEADERS = 512
# RuntimeError: aiohttp's way to say that the connection is closed.
FOREIGN_READ_ERRORS = (aiohttp.ClientError, OSError, RuntimeError)
AUTO_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _multidict(headers: RawHeaders) -> CIMultiDict[str]:
    fields = CIMultiDict([(name.decode("latin-1"), _text(value)) for name, value in headers])
    if len(fields) != len({name.lower() for name, _ in headers}):
        # The session would merge duplicates spelled differently: the first spelling is for all.
        spellings: dict[str, str] = {}
        pairs = [(spellings.setdefault(n.lower(), n), value) for n, value in fields.items()]
        return CIMultiDict(pairs)
    return fields


class AiohttpResponse:
    """A response of `AiohttpUpstream`."""

    __slots__ = (
        "_expired",
        "_protocol",
        "_reader",
        "_response",
        "_watchdog",
        "headers",
        "reason",
        "status",
    )

    def __init__(self, response: aiohttp.ClientResponse, idle_s: float) -> None:
        self.status = response.status
        self.reason = (response.reason or "").encode("utf-8", "surrogateescape")
        self.headers: RawHeaders = response.raw_headers
        self._response = response
        self._reader = response.content
        self._expired = False
        self._watchdog = Watchdog(idle_s, self._expire, self._glance)
        connection = response.connection
        self._protocol = connection.protocol if connection is not None else None
        if self._protocol is not None:
            # From here on the watchdog counts, and only while someone reads.
            self._protocol.read_timeout = None
            self._protocol.start_timeout()

    async def read(self) -> bytes:
        """The next bytes as they came; see `UpstreamResponse.read`."""
        if chunk := self.read_nowait():
            return chunk
        if self._reader.at_eof():
            self._watchdog.cancel()
            return b""
        self._watchdog.arm()
        try:
            chunk = await self._reader.readany()
        except FOREIGN_READ_ERRORS as exc:
            raise self._broken() from exc
        if chunk:
            self._watchdog.disarm()
        else:
            self._watchdog.cancel()
        return chunk

    def read_nowait(self) -> bytes:
        """What has come; see `UpstreamResponse.read_nowait`."""
        try:
            return self._reader.read_nowait()
        except FOREIGN_READ_ERRORS as exc:
            raise self._broken() from exc

    def abort(self) -> None:
        """Close the connection at once unless the response has ended."""
        self._watchdog.cancel()
        if not self._reader.at_eof():
            self._response.close()

    def _broken(self) -> UpstreamError:
        cause = self._protocol.exception() if self._protocol is not None else None
        self.abort()
        if self._expired:
            return UpstreamTimeout("idle")
        if isinstance(cause, HttpProcessingError):
            return UpstreamProtocolError("the response is not valid HTTP")
        return UpstreamReset("the response ended early")

    def _glance(self) -> None:
        # After invalid chunks aiohttp closes the connection without telling the reader.
        if self._protocol is not None and not self._protocol.connected:
            self._reader.set_exception(aiohttp.ClientPayloadError("the connection is closed"))

    def _expire(self) -> None:
        self._expired = True
        self._response.close()


class AiohttpUpstream:
    """Pooled HTTP/1.1 to any origin; to be built inside a running loop."""

    def __init__(
        self,
        timeouts: Timeouts,
        max_connections: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeouts = timeouts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_connections,
                ssl=tls if tls is not None else True,
                ttl_dns_cache=DNS_CACHE_S,
                keepalive_timeout=POOL_KEEPALIVE_S,
            ),
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=timeouts.connect_s,
                sock_read=timeouts.first_byte_s,
                ceil_threshold=1e9,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=AUTO_HEADERS,
            auto_decompress=False,
            trust_env=False,
            read_bufsize=READ_BUFFER_BYTES,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
        )

    async def send(self, request: UpstreamRequest) -> AiohttpResponse:
        """The response once its head is there; see `UpstreamClient.send`."""
        if self._session.closed:
            raise UpstreamRefused("the relay is stopping")
        try:
            response = await self._session.request(
                request.method,
                URL(request.origin + request.target, encoded=True),
                headers=_multidict(request.headers),
                data=request.body,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as exc:
            _raise_ours(exc)
        return AiohttpResponse(response, self._timeouts.idle_s)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


def _raise_ours(exc: Exception) -> NoReturn:
    raise _ours(exc) from exc


def _ours(exc: Exception) -> UpstreamError:
    match exc:
        case aiohttp.ConnectionTimeoutError():
            return UpstreamTimeout("connect")
        case aiohttp.ServerTimeoutError() | asyncio.TimeoutError():
            return UpstreamTimeout("first_byte")
        case aiohttp.ClientConnectorError():
            return UpstreamRefused(f"no connection to {exc.host}:{exc.port}: {exc.os_error}")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return UpstreamRefused("the upstream's address is not valid")
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return UpstreamProtocolError("the answer is not valid HTTP")
        case ValueError():
            return UpstreamProtocolError(f"not to be sent as HTTP: {exc}")
        case _:
            return UpstreamReset("the connection broke before the response")
