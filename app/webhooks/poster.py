"""One POST to an endpoint; whatever happens comes back as a `Reply`.

Redirects are not followed, no proxy of the environment is used, no cookie is kept. Of the answer's
body only so much is read as lets the connection be used again: a body that does not end in a moment
ends with its connection, and changes nothing about the status.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp

from app.clock import Clock
from app.cluster.session import LazySession
from app.webhooks.addresses import AddressPolicy
from app.webhooks.replies import Reply, parse_retry_after
from app.webhooks.resolver import AddressRefused, CheckedResolver, Lookup

MAX_ANSWER_BYTES = 64 << 10
ANSWER_PATIENCE_S = 1.0
KEEPALIVE_S = 30.0
USER_AGENT = "Tailrace-Webhooks/1.0"
MAX_ERROR_CHARS = 200
HEADERS = {"Content-Type": "application/json", "User-Agent": USER_AGENT}


class UrlRefused(ValueError):
    """A URL that no webhook may be sent to; the text says why."""


class Poster:
    """Connections to all endpoints; opened at the first POST."""

    def __init__(
        self,
        policy: AddressPolicy,
        clock: Clock,
        *,
        timeout_s: float,
        allow_http: bool = False,
        lookup: Lookup | None = None,
        new_ssl: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """`timeout_s` is for an attempt up to the answer's head, the name's resolution included."""
        self._policy = policy
        self._clock = clock
        self._timeout_s = timeout_s
        self._allow_http = allow_http
        self._lookup = lookup
        self._new_ssl = new_ssl
        self._session = LazySession(self._new_session)
        self._resolver: CheckedResolver | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send it. Raises nothing but CancelledError."""
        began_s = self._clock.monotonic_s()
        try:
            self.check_url(url)
            async with asyncio.timeout(self._timeout_s):
                answer = await self._answer(url, body, headers)
        except TimeoutError:
            return self._failed(began_s, f"no answer in {self._timeout_s:g} s")
        except AddressRefused as error:
            return self._failed(began_s, str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._failed(began_s, _text_of(error))
        return await self._reply(answer, began_s)

    def check_url(self, url: str) -> None:
        """What can be said without resolving anything. Raises: UrlRefused."""
        parts = urlsplit(url)
        schemes = ("https", "http") if self._allow_http else ("https",)
        if parts.scheme not in schemes:
            raise UrlRefused(f"a URL begins with {' or '.join(f'{each}://' for each in schemes)}")
        if not parts.hostname or not url.isascii() or any(each.isspace() for each in url):
            raise UrlRefused("a URL has a host, and ASCII characters without spaces")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise UrlRefused("a URL has no user, password or fragment")
        try:
            port = parts.port
        except ValueError as exc:
            raise UrlRefused("a port is a number up to 65535") from exc
        if port == 0:
            raise UrlRefused("a port is a number from 1")
        # The connector asks no resolver about a literal address.
        if ":" in parts.hostname or parts.hostname.replace(".", "").isdigit():
            complaint = self._policy.complaint(parts.hostname)
            if complaint is not None:
                raise UrlRefused(complaint)

    async def check(self, url: str) -> None:
        """Also whether its name leads where it may, now. Raises: UrlRefused, OSError."""
        self.check_url(url)
        host = urlsplit(url).hostname or ""
        try:
            await self._opened_resolver().resolve(host, urlsplit(url).port or 443)
        except AddressRefused as exc:
            raise UrlRefused(str(exc)) from exc

    async def close(self) -> None:
        """Let go of connections; again is harmless."""
        resolver, self._resolver = self._resolver, None
        await self._session.close()
        if resolver is not None:
            await resolver.close()

    # -- one exchange

    async def _answer(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        """The answer, its head read. Raises: aiohttp.ClientError, OSError, ValueError."""
        return await self._session.opened().post(
            url, data=body, headers={**HEADERS, **headers}, allow_redirects=False
        )

    async def _reply(self, answer: aiohttp.ClientResponse, began_s: float) -> Reply:
        """What the head says, the connection being let go of."""
        after_s = parse_retry_after(answer.headers.get("Retry-After"), self._clock.now_s())
        try:
            await _read_to_its_end(answer)
        finally:
            # One whose body has ended was given back already.
            answer.close()
        return Reply(answer.status, self._took_ms(began_s), retry_after_s=after_s)

    def _failed(self, began_s: float, error: str) -> Reply:
        return Reply(None, self._took_ms(began_s), error[:MAX_ERROR_CHARS])

    def _took_ms(self, began_s: float) -> float:
        return round((self._clock.monotonic_s() - began_s) * 1000, 3)

    def _opened_resolver(self) -> CheckedResolver:
        if self._resolver is None:
            self._resolver = CheckedResolver(self._policy, self._lookup)
        return self._resolver

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=self._opened_resolver(),
            use_dns_cache=False,
            ssl=self._new_ssl(),
            limit=0,
            keepalive_timeout=KEEPALIVE_S,
            force_close=False,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
        )


async def _read_to_its_end(answer: aiohttp.ClientResponse) -> None:
    """Read a body that ends soon; what is in it is nobody's business."""
    read_bytes = 0
    # However it ends, the status has been told.
    with suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(ANSWER_PATIENCE_S):
            async for piece in answer.content.iter_any():
                read_bytes += len(piece)
                if read_bytes > MAX_ANSWER_BYTES:
                    return


def _text_of(error: BaseException) -> str:
    """Why a connection failed; a refused address among the causes says so itself."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressRefused | UrlRefused):
            return str(cause)
        cause = getattr(cause, "os_error", None) or cause.__cause__
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {error.os_error}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
