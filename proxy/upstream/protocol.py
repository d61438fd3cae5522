"""What the relay asks of a client that calls providers.

Bytes are sacred: the target, the header fields and both bodies travel as they are given, no
redirect is followed, nothing is decompressed, no cookie is kept. Framing (Transfer-Encoding,
Connection) is the client's own business and never part of `headers`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

RawHeaders = Sequence[tuple[bytes, bytes]]
Take = Callable[[bytes], bool]
Told = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long an upstream may take, in seconds.

    `connect_s` covers waiting for a free connection, DNS, TCP and TLS; `first_byte_s` runs from the
    request's last byte to the response's head; `idle_s` is one wait for a further chunk.
    """

    connect_s: float
    first_byte_s: float
    idle_s: float


class UpstreamRequest:
    """One request as it shall arrive.

    `origin` is scheme, host and port (`https://host:port`), `target` path and query as sent.
    `headers` hold no Host; it follows from the origin. A body of unknown length comes as an
    iterator and is framed by a Content-Length among the headers, else chunked.
    """

    __slots__ = ("body", "headers", "method", "origin", "target")

    def __init__(
        self,
        method: str,
        origin: str,
        target: str,
        headers: RawHeaders,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> None:
        self.method = method
        self.origin = origin
        self.target = target
        self.headers = headers
        self.body = body


class UpstreamResponse(Protocol):
    """A response whose head has come; its body is read as it comes."""

    @property
    def status(self) -> int:
        """The status code, never an informational one."""

    @property
    def reason(self) -> bytes:
        """The reason phrase as received, perhaps empty."""

    @property
    def headers(self) -> RawHeaders:
        """Every header field in order, names in their own spelling."""

    @property
    def is_over(self) -> bool:
        """Whether all of it was read, or it has failed: there is nothing more to come."""

    def is_headed(self) -> bool:
        """Whether the head has come; of a response from `UpstreamClient.begin`, whose has not yet.

        Raises: what `UpstreamClient.send` raises, once the head will not come.
        """

    def expect_more(self) -> None:
        """Bound the wait for the next bytes, where nobody waits in `read` or `pass_to`."""

    def listen(self, told: "Told | None") -> None:
        """Call back at any news from now on; None: whoever reads waits for it by itself.

        A wait that `expect_more` bounded is over with None.
        """

    def flow_to(self, take: "Take") -> None:
        """While listened to, give the bytes that come from now on to `take`, and tell all else.

        Until `take` answers False, which asks for a pause and is told as well, or until `listen`.
        It must neither wait nor raise.
        """

    async def read(self) -> bytes:
        """The next bytes of the body as soon as there are any; empty at its end, and from then on.

        Raises: UpstreamReset (ended early), UpstreamTimeout (`idle`), UpstreamProtocolError.
        """

    def read_nowait(self) -> bytes:
        """What has come and was not read yet; empty when there is nothing now, or nothing more.

        Raises: what `read` raises.
        """

    async def pass_to(self, take: "Take") -> bool:
        """Give the bytes of the body to `take` as they come; True at the end of the body.

        False once `take` answered False, which asks for a pause; nothing is lost, and this may be
        called again. It may be called from within the event loop's callbacks: it must not wait.
        Raises: what `read` raises, and what `take` raises.
        """

    def abort(self) -> None:
        """Close the connection at once unless the response has ended; harmless at any time."""


class UpstreamClient(Protocol):
    """Sends requests to any origin over pooled connections."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """The response, as soon as its head is there, even while the body is being sent.

        A cancelled call closes its connection. What the body iterator raises is not mapped to a
        promise: the caller, who owns the iterator, knows of it first.
        Raises: UpstreamRefused, UpstreamReset, UpstreamTimeout (`connect`, `first_byte`),
        UpstreamProtocolError.
        """

    def begin(self, request: UpstreamRequest, told: Told) -> UpstreamResponse | None:
        """Send a request whose body is whole, without waiting; its head is still to come.

        `told` is called, within the loop's callbacks, whenever there is news: the head, bytes, the
        end, a failure. None where no connection is free: then nothing was done.
        Raises: UpstreamRefused, UpstreamProtocolError.
        """

    async def reach(self, request: UpstreamRequest, told: Told) -> UpstreamResponse:
        """As `begin`, after waiting for a connection. Raises: UpstreamTimeout (`connect`) too."""

    async def close(self) -> None:
        """Close every connection; responses still open end with UpstreamReset."""
