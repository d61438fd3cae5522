"""The upstream client in memory: a function answers, no socket is opened.

    async def answer(received: Received) -> Reply:
        return Reply(200, chunks=[b"hello"])

    client = MemoryUpstream(answer)

A reply's chunks may be an async iterator that waits or raises an `UpstreamError`; the function may
raise one as well, as a refused connection or a reset before the head would.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from app.errors import UpstreamRefused, UpstreamReset, UpstreamTimeout
from proxy.upstream.protocol import RawHeaders, Take, Timeouts, UpstreamRequest

GENEROUS = Timeouts(connect_s=3600, first_byte_s=3600, idle_s=3600)


@dataclass(slots=True)
class Received:
    """A request as the upstream sees it: the head at once, the body as it is sent."""

    request: UpstreamRequest
    aborted: asyncio.Event = field(default_factory=asyncio.Event)

    async def body(self) -> AsyncIterator[bytes]:
        """The body chunk by chunk; what is not taken is never asked of the sender."""
        given = self.request.body
        if isinstance(given, bytes):
            yield given
        elif given is not None:
            async for chunk in given:
                yield chunk

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self.body()])


@dataclass(slots=True)
class Reply:
    """What the upstream answers."""

    status: int = 200
    headers: RawHeaders = ()
    chunks: Iterable[bytes] | AsyncIterator[bytes] = ()
    reason: bytes = b"OK"


class MemoryResponse:
    """A response of `MemoryUpstream`."""

    def __init__(self, reply: Reply, received: Received, idle_s: float) -> None:
        self.status = reply.status
        self.reason = reply.reason
        self.headers = reply.headers
        self._chunks = _iterate(reply.chunks)
        self._received = received
        self._idle_s = idle_s
        self._ended = False

    async def read(self) -> bytes:
        """The next chunk; see `UpstreamResponse.read`."""
        if self._ended:
            return b""
        if self._received.aborted.is_set():
            raise UpstreamReset("the response was aborted")
        try:
            async with asyncio.timeout(self._idle_s):
                return await anext(self._chunks)
        except StopAsyncIteration:
            self._ended = True
            return b""
        except TimeoutError as exc:
            self.abort()
            raise UpstreamTimeout("idle") from exc

    def read_nowait(self) -> bytes:
        """Always empty: a chunk exists only once it is asked for."""
        if not self._ended and self._received.aborted.is_set():
            raise UpstreamReset("the response was aborted")
        return b""

    async def pass_to(self, take: Take) -> bool:
        """Chunk by chunk; see `UpstreamResponse.pass_to`."""
        while chunk := await self.read():
            if not take(chunk):
                return False
        return True

    def abort(self) -> None:
        """Tell the answering function, unless the response has ended."""
        if not self._ended:
            self._received.aborted.set()


class MemoryUpstream:
    """Answers every request by one function; `received` lists the requests in order."""

    def __init__(
        self, answer: Callable[[Received], Awaitable[Reply]], timeouts: Timeouts = GENEROUS
    ) -> None:
        self.received: list[Received] = []
        self._answer = answer
        self._timeouts = timeouts
        self._closed = False

    async def send(self, request: UpstreamRequest) -> MemoryResponse:
        """The function's answer; see `UpstreamClient.send`."""
        if self._closed:
            raise UpstreamRefused("the client is closed")
        received = Received(request)
        self.received.append(received)
        try:
            async with asyncio.timeout(self._timeouts.first_byte_s):
                reply = await self._answer(received)
        except TimeoutError as exc:
            received.aborted.set()
            raise UpstreamTimeout("first_byte") from exc
        except asyncio.CancelledError:
            received.aborted.set()
            raise
        return MemoryResponse(reply, received, self._timeouts.idle_s)

    async def close(self) -> None:
        """Refuse what comes, and abort what is open."""
        self._closed = True
        for received in self.received:
            received.aborted.set()


async def _iterate(chunks: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(chunks, AsyncIterator):
        async for chunk in chunks:
            if chunk:
                yield chunk
        return
    for chunk in chunks:
        if chunk:
            yield chunk
