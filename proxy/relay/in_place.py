"""A call without a task: from its whole request to its record in the callbacks that bring bytes.

What takes time in Python is not the work but the waiting for it: a task, its futures and the turns
of the event loop cost a call more than all that is done for it. Most calls never wait for anything
but the upstream's bytes, which come by callbacks anyhow. As soon as one needs more (a connection,
a client that takes no more data, an answer to a failure), the rest of it goes on in a task, by the
steps that `Relay` takes for every other call.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from app.front_connection import InPlaceRequest
from app.tasks import spawn
from proxy.relay.call import CLIENT_LEFT, Call
from proxy.relay.destination import Destination, outgoing_of
from proxy.relay.downstream import Downstream
from proxy.relay.handler import Relay, pass_rest, send_first, told_head
from proxy.relay.headers import RequestHead, split_request
from proxy.relay.upstreams import Upstream
from proxy.relay.usage_option import may_be_asked
from proxy.upstream.protocol import UpstreamRequest, UpstreamResponse


class InPlaceRelay:
    """Takes the plain calls of one upstream. An `app.front_connection.InPlace`."""

    def __init__(self, relay: Relay, upstream: Upstream, skipped: int) -> None:
        """`skipped` characters of a path name the upstream."""
        self.relay = relay
        self.upstream = upstream
        self._skipped = skipped

    def take(self, request: InPlaceRequest) -> "InPlaceCall | None":
        """Begin to relay; None where the call needs more than its bytes passed on."""
        relay = self.relay
        if relay.reads_on:
            return None
        head = split_request(request.message.raw_headers)
        destination = self._destination(request, head)
        upstream, target = destination.upstream, destination.target
        if upstream.include_usage and may_be_asked("POST", target.partition("?")[0], head):
            return None
        taken = InPlaceCall(relay, upstream, request, relay.open("POST", destination, head))
        taken.begin(target, head)
        return taken

    def lost(self, request: InPlaceRequest) -> None:
        """A client that left within its request: recorded as any call that it gave up."""
        head = split_request(request.message.raw_headers)
        call = self.relay.open("POST", self._destination(request, head), head)
        call.feed_request(request.content.read_nowait())
        call.finish("client_abort", "the connection broke before the request's end")

    def _destination(self, request: InPlaceRequest, head: RequestHead) -> Destination:
        path = request.message.path
        return self.relay.destination(head, self.upstream, path[self._skipped :], path)


class InPlaceCall:
    """One call that is under way."""

    __slots__ = (
        "_call",
        "_down",
        "_has_left",
        "_is_over",
        "_relay",
        "_request",
        "_response",
        "_task",
        "_task_runs",
        "_upstream",
    )

    def __init__(
        self, relay: Relay, upstream: Upstream, request: InPlaceRequest, call: Call
    ) -> None:
        self._relay = relay
        self._upstream = upstream
        self._request = request
        self._call = call
        self._down = Downstream(request, call.request_id, relay.idle_s)
        self._response: UpstreamResponse | None = None
        self._task: asyncio.Task[None] | None = None
        self._task_runs = False
        self._has_left = False
        self._is_over = False

    def begin(self, target: str, head: RequestHead) -> None:
        """Send the request, at once where a connection is free."""
        call = self._call
        try:
            if call.refusal is not None:
                raise call.refusal
            outgoing = outgoing_of("POST", self._upstream, target, head)
            if body := self._request.content.read_nowait():
                call.feed_request(body)
                outgoing.body = body
            self._response = call.response = self._relay.client.begin(outgoing, self._news)
            call.request_sent()
        except Exception as error:  # noqa: BLE001 - told to the client as any other failure
            self._go_on(_raise(error))
        else:
            if self._response is None:
                self._go_on(self._reach(outgoing), ends=False)

    def client_left(self) -> None:
        """See `Answering`: as a task that is cancelled."""
        if self._is_over:
            return
        self._has_left = True
        if self._task is None:
            self._leave()
        elif self._task_runs:
            self._task.cancel()

    def _leave(self) -> None:
        self._relay.client_left(self._call, CLIENT_LEFT)
        self._over()

    # -- what the upstream brings

    def _news(self) -> None:
        response = self._response
        if self._is_over or self._task is not None or response is None:
            return
        try:
            if not self._down.started:
                if not response.is_headed():
                    return
                call = self._call
                head = told_head(call, self._upstream, response, self._request.ordinary)
                send_first(call, self._down, response, head)
            self._pass_on(response)
        except Exception as error:  # noqa: BLE001 - told to the client as any other failure
            self._go_on(_raise(error))

    def _pass_on(self, response: UpstreamResponse) -> None:
        call, down = self._call, self._down
        while chunk := response.read_nowait():
            try:
                down.push(chunk)
            finally:
                call.feed_response(chunk)
        if down.is_paused:
            self._go_on(pass_rest(call, down, response))
        elif response.is_over:
            call.take_place()
            down.finish()
            call.complete()
            self._over()
        else:
            response.expect_more()
            response.flow_to(self._pass_chunk)

    def _pass_chunk(self, chunk: bytes) -> bool:
        """A stream's next bytes; False where the rest is to be told or goes on in a task."""
        try:
            try:
                return self._down.push(chunk)
            finally:
                self._call.feed_response(chunk)
        except Exception as error:  # noqa: BLE001 - told to the client as any other failure
            self._go_on(_raise(error))
            return False

    # -- what needs a task

    async def _reach(self, outgoing: UpstreamRequest) -> None:
        self._response = self._call.response = await self._relay.client.reach(outgoing, self._news)

    def _go_on(self, rest: Coroutine[Any, Any, None], *, ends: bool = True) -> None:
        """Go on in a task; `ends`: the call is over when that is done."""
        if self._response is not None:
            self._response.listen(None)
        self._task = spawn(self._in_task(rest, ends), name="relay-rest")

    async def _in_task(self, rest: Coroutine[Any, Any, None], ends: bool) -> None:
        if self._has_left:
            # Before this began: a task that is cancelled then would never know of it.
            rest.close()
            self._leave()
            return
        self._task_runs = True
        try:
            went_well = await self._relay.guarded(rest, self._call, self._down)
        except asyncio.CancelledError:
            self._over()
            raise
        self._task, self._task_runs = None, False
        if ends or not went_well:
            self._over()
        else:
            self._news()

    def _over(self) -> None:
        self._is_over = True
        if self._response is not None:
            # No cycle is left behind: all of the call goes at once, without a collection.
            self._response.listen(None)
        self._request.protocol.answered(keep_alive=self._down.keeps_alive)


async def _raise(error: Exception) -> None:
    raise error
