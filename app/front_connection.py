"""aiohttp's server connection, on which some calls are answered without a task.

aiohttp makes a task, a request and three turns of the event loop for every request, which costs a
relayed call as much as all that the relay does. Here whoever is in front is offered a request as
soon as all of it has come, in the callback that read it, and answers in callbacks of its own; what
it does not take goes the ordinary way. aiohttp parses, paces and closes in either case.

This is the one place that knows private names of aiohttp's `RequestHandler`; they are held by
`tests/contract/app/test_front_connection.py`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from aiohttp import HttpVersion, StreamReader, web
from aiohttp.http_parser import RawRequestMessage

# Clients send a head and its small body one shortly after the other. Nobody can answer before all
# of it is there; a larger one is streamed from its first byte on.
BODY_PATIENCE_S = 0.5
SMALL_BODY_BYTES = 64 << 10
Front = TypeVar("Front")


class Answering(Protocol):
    """A call that is under way in place."""

    def client_left(self) -> None:
        """The client's connection has ended; `FrontConnection.answered` is of no effect now."""


class InPlace(Protocol):
    """Answers requests without a task."""

    def take(self, request: "InPlaceRequest") -> Answering | None:
        """Begin to answer, or None: then the request goes the ordinary way, untouched.

        Whoever takes it calls `request.protocol.answered` when the answer is written, at once or
        later. Must not raise, and must not wait.
        """

    def lost(self, request: "InPlaceRequest") -> None:
        """The client left before all of the request had come."""


class InPlaceRequest:
    """As much of a request as is needed to answer it; the names are those of `web.BaseRequest`."""

    __slots__ = ("content", "keep_alive", "message", "method", "output_size", "protocol", "version")

    def __init__(
        self, protocol: "FrontConnection", message: RawRequestMessage, content: StreamReader
    ) -> None:
        self.protocol = protocol
        # aiohttp's parser in C makes a class of its own, not the tuple that it is typed as.
        self.message: Any = message
        self.content = content
        self.method: str = message.method
        self.version: HttpVersion = message.version
        self.keep_alive = not message.should_close
        self.output_size = 0

    @property
    def transport(self) -> asyncio.Transport | None:
        """The client's connection, None when it has ended."""
        return self.protocol.transport

    @property
    def writer(self) -> "InPlaceRequest":
        """Itself: `output_size` is not 0 once anything was written."""
        return self

    async def drain(self) -> None:
        """Wait while the client takes no more. Raises: ConnectionError."""
        await self.protocol.drained()

    def ordinary(self) -> web.BaseRequest:
        """The request as aiohttp would have made it: for what is seldom needed of it."""
        return self.protocol.ordinary(self)


class FrontConnection(web.RequestHandler):
    """One client's connection: its requests are answered one after the other, in place or not."""

    __slots__ = ("_answering", "_front", "_parked", "_patience")

    def __init__(self, manager: web.Server, front: Mapping[str, InPlace], **options: Any) -> None:
        """`front` by the first segment of a path."""
        super().__init__(manager, **options)
        self._front = front
        self._answering: Answering | None = None
        # The future that aiohttp's task waits on for a request, while none may come to it.
        self._parked: asyncio.Future[None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """aiohttp's task: what came before its first turn is offered as well."""
        if self._messages and not self._force_close:
            waiter = self._waiter = self._loop.create_future()
            self._serve(waiter)
            try:
                await waiter
            finally:
                self._waiter = None
        await super().start()

    # -- what the transport calls

    def data_received(self, data: bytes) -> None:
        """Parse; then answer in place what can be, and wake aiohttp's task for the rest."""
        waiter, self._waiter = self._waiter, None
        super().data_received(data)
        if waiter is not None:
            self._waiter = waiter
            if self._messages:
                self._serve(waiter)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell whoever answers, or would have."""
        answering, self._answering = self._answering, None
        if self._parked is not None:
            self._waiter, self._parked = self._parked, None
            self._settled()
        unserved = None
        if self._patience is not None:
            unserved = self._awaited()
        self._calm()
        super().connection_lost(exc)
        if answering is not None:
            answering.client_left()
        elif unserved is not None:
            in_place, request = unserved
            in_place.lost(request)

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Tell whoever still answers when the grace is over: a client that stalls never leaves."""
        await super().shutdown(timeout)
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.client_left()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Of no effect on a connection that is read from, as aiohttp asks at every turn."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    async def drained(self) -> None:
        """Wait while the client takes no more. Raises: ConnectionError."""
        await self._drain_helper()

    # -- in place

    def answered(self, *, keep_alive: bool) -> None:
        """The call that was taken is over: go on with the next request, or close."""
        waiter, self._parked = self._parked, None
        self._answering = None
        if waiter is None:
            return
        self._settled()
        self._waiter = waiter
        self._keepalive = keep_alive
        if not keep_alive or self._close or self._force_close:
            self.close()
            if self.transport is not None:
                self.transport.close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )
        if self._messages:
            # Not from within: a client that sends many at once must not nest as deep.
            self._loop.call_soon(self._serve, waiter)

    def _settled(self) -> None:
        """A stop need not wait for this connection any more."""
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)

    def ordinary(self, request: InPlaceRequest) -> web.BaseRequest:
        """See `InPlaceRequest.ordinary`."""
        assert self._manager is not None
        assert self._task_handler is not None
        writer: Any = request
        return self._manager.request_factory(
            request.message, request.content, self, writer, self._task_handler
        )

    def _serve(self, waiter: "asyncio.Future[None]") -> None:
        """Offer the oldest request to who is in front; `waiter` is woken if it is not taken."""
        if self._waiter is not waiter or waiter.done() or not self._messages:
            return
        found = self._awaited()
        if found is None:
            self._calm()
            waiter.set_result(None)
            return
        in_place, request = found
        if not request.content.is_eof():
            if not is_small(request.message):
                waiter.set_result(None)
            elif self._patience is None:
                self._patience = self._loop.call_later(BODY_PATIENCE_S, self._hand_over, waiter)
            return
        self._calm()
        self._parked, self._waiter = waiter, None
        self._request_in_progress = True
        answering = in_place.take(request)
        if answering is None:
            self._parked, self._waiter = None, waiter
            self._request_in_progress = False
            waiter.set_result(None)
            return
        self._consume()
        if self._parked is not None:
            self._answering = answering

    def _consume(self) -> None:
        """The oldest request is taken: as aiohttp's task does when it takes one."""
        self._messages.popleft()
        if self._manager is not None:
            self._manager.requests_count += 1
        if self._parser is not None:
            self._parser.message_consumed()
            if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
                self._resume_reading_if_drained()

    def _awaited(self) -> tuple[InPlace, InPlaceRequest] | None:
        """Whom the oldest request is for, None where that is nobody in front."""
        message, content = self._messages[0]
        if message.__class__ is not RawRequestMessage or self._upgraded:
            return None
        in_place = in_front(self._front, message.path)
        if in_place is None or not may_be_in_place(message):
            return None
        return in_place, InPlaceRequest(self, message, content)

    def _hand_over(self, waiter: "asyncio.Future[None]") -> None:
        """The body takes its time: the ordinary way streams it."""
        self._patience = None
        if self._waiter is waiter and not waiter.done():
            waiter.set_result(None)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def in_front(front: Mapping[str, Front], path: str) -> Front | None:
    """Who is in front for a raw path: named by its first segment, behind which there is more."""
    before, _, rest = path.partition("/")
    name, slash, _ = rest.partition("/")
    return front.get(name) if slash and not before else None


def may_be_in_place(message: RawRequestMessage) -> bool:
    """Whether a request is a plain one: nothing is expected of us before its body."""
    return (
        message.method == "POST"
        and not message.chunked
        and not message.upgrade
        and "Expect" not in message.headers
    )


def is_small(message: RawRequestMessage) -> bool:
    """Whether a request announces a body that is worth waiting for."""
    length = message.headers.get("Content-Length", "")
    return length.isdigit() and int(length) <= SMALL_BODY_BYTES


class FrontServer(web.Server):
    """aiohttp's server, whose connections ask who is in front first."""

    def __init__(self, server: web.Server, front: Mapping[str, InPlace]) -> None:
        """In place of `server`, which is not served itself."""
        vars(self).update(vars(server))
        self._front = front

    def __call__(self) -> FrontConnection:
        """A connection."""
        return FrontConnection(self, self._front, loop=self._loop, **self._kwargs)
