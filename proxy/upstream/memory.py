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

from app.errors import UpstreamError, UpstreamRefused, UpstreamReset, UpstreamTimeout
from app.tasks import spawn
from proxy.upstream.protocol import RawHeaders, Take, Timeouts, Told, UpstreamRequest

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
        self._told: Told | None = None
        self._take: Take | None = None
        self._coming: asyncio.Task[None] | None = None
        self._come = b""
        self._failure: UpstreamError | None = None

    @property
    def is_over(self) -> bool:
        """See `UpstreamResponse.is_over`."""
        return self._failure is not None or (self._ended and not self._come)

    def is_headed(self) -> bool:
        """Always."""
        return True

    def expect_more(self) -> None:
        """Nothing: every wait for a chunk is bounded."""

    def listen(self, told: Told | None) -> None:
        """See `UpstreamResponse.listen`; one chunk at a time is held until it is read."""
        self._told, self._take = told, None
        if told is not None and self._coming is None:
            self._look_out()

    def flow_to(self, take: Take) -> None:
        """See `UpstreamResponse.flow_to`."""
        self._take = take

    def _look_out(self) -> None:
        self._coming = spawn(self._next(), name="memory-chunk")

    async def _next(self) -> None:
        try:
            self._come = await self._read()
        except UpstreamError as error:
            self._failure = error
        self._coming = None
        if self._take is not None and self._come:
            if self._take(self.read_nowait()):
                return
            self._take = None
        if self._told is not None:
            self._told()

    async def read(self) -> bytes:
        """The next chunk; see `UpstreamResponse.read`."""
        while self._coming is not None:
            await asyncio.wait([self._coming])
        if self._failure is not None:
            raise self._failure
        if self._come:
            come, self._come = self._come, b""
            return come
        return await self._read()

    async def _read(self) -> bytes:
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
        """Empty unless listened to: a chunk exists only once it is asked for."""
        if self._failure is not None:
            raise self._failure
        if not self._ended and self._received.aborted.is_set():
            raise UpstreamReset("the response was aborted")
        come, self._come = self._come, b""
        if come and self._told is not None and self._coming is None:
            self._look_out()
        return come

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

    def begin(self, request: UpstreamRequest, told: Told) -> None:
        """Never: every request waits for its answer's head."""
        del request, told

    async def reach(self, request: UpstreamRequest, told: Told) -> MemoryResponse:
        """See `UpstreamClient.reach`; the head has come with it."""
        response = await self.send(request)
        response.listen(told)
        return response

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
