"""One call from its head to its record."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from aiohttp import web

from app.errors import ClientGone, RelayRefused, TailraceError, UpstreamError, UpstreamProtocolError
from config.sections import RelaySettings
from proxy.relay.addresses import lead_back, may_tell_address
from proxy.relay.call import CLIENT_LEFT, Call, Calls
from proxy.relay.destination import Destination, origin_form, outgoing_of
from proxy.relay.downstream import Downstream
from proxy.relay.drain import Drains
from proxy.relay.errors import Fault, fault_of, shape
from proxy.relay.headers import RequestHead, ResponseHead, split_request, split_response
from proxy.relay.sending import Sender
from proxy.relay.targets import Targets
from proxy.relay.upstreams import Upstream, Upstreams
from proxy.relay.usage_option import UsageFilter, may_be_asked, without_extra
from proxy.upstream.protocol import UpstreamClient, UpstreamResponse

logger = logging.getLogger(__name__)


class Relay:
    """Passes calls to upstreams and their answers back; each call gives exactly one record.

    The server must run with aiohttp's `handler_cancellation`: a client that leaves is known by the
    handler's cancellation.
    """

    def __init__(
        self, upstreams: Upstreams, client: UpstreamClient, calls: Calls, settings: RelaySettings
    ) -> None:
        self.upstreams = upstreams
        self.client = client
        self.calls = calls
        self.idle_s = settings.idle_timeout_s
        self.reads_on = settings.on_client_abort == "drain"
        self._sender = Sender(client, self.idle_s, outlives=self.reads_on)
        self._drains = Drains()
        self._targets = Targets(upstreams, settings.targets)

    async def handle(
        self, request: web.Request, upstream: Upstream, target: str
    ) -> web.StreamResponse:
        """Relay one call; `target` is the path and query to append to the upstream's base.

        Never raises but CancelledError, when the client left.
        """
        head = split_request(request.raw_headers)
        destination = self.destination(head, upstream, target, origin_form(request))
        call = self.open(request.method, destination, head)
        down = Downstream(request, call.request_id, self.idle_s)
        relayed = self._relayed(request, destination, head, call, down)
        await self.guarded(relayed, call, down)
        return down.result

    def destination(
        self, head: RequestHead, upstream: Upstream, target: str, whole: str
    ) -> Destination:
        """Where a call goes: as routed, or, with its `whole` target, as its own fields say."""
        if not head.own:
            return Destination(upstream, target)
        try:
            wanted = self._targets.upstream(head.own)
        except RelayRefused as error:
            return Destination(upstream, target, error)
        return Destination(upstream, target) if wanted is None else Destination(wanted, whole)

    def open(self, method: str, destination: Destination, head: RequestHead) -> Call:
        """The call whose head has just come."""
        call = self.calls.open(method, destination.upstream, destination.target, head)
        call.refusal = call.refusal or destination.refusal
        return call

    async def guarded(
        self, relayed: Coroutine[Any, Any, None], call: Call, down: Downstream
    ) -> bool:
        """Await (the rest of) a call; whatever fails in it ends the call, and False is returned.

        Never raises but CancelledError, when the client left.
        """
        try:
            await relayed
        except asyncio.CancelledError:
            self.client_left(call, CLIENT_LEFT)
            raise
        except ClientGone as error:
            await self._client_gone(call, down, error)
        except TailraceError as error:
            await _fail(call, down, fault_of(error), str(error))
        except Exception as error:
            logger.exception("the relay failed")
            await _fail(call, down, fault_of(TailraceError()), type(error).__name__)
        else:
            return True
        return False

    async def _relayed(
        self,
        request: web.Request,
        destination: Destination,
        head: RequestHead,
        call: Call,
        down: Downstream,
    ) -> None:
        """The whole of a call."""
        upstream, target = destination.upstream, destination.target
        if call.refusal is not None:
            raise call.refusal
        outgoing = outgoing_of(request.method, upstream, target, head)
        asks = False
        if upstream.include_usage and may_be_asked(request.method, call.path, head):
            call.response, asks = await self._sender.send_asking(request, head, call, outgoing)
        else:
            call.response = await self._sender.send(request, head, call, down, outgoing)
        await _pass_down(request, call, down, upstream, asks=asks)

    def refuse(self, error: RelayRefused) -> web.Response:
        """The answer to a call that belongs to no upstream: counted, without a record."""
        self.calls.count_unrelayed(error.code)
        fault = fault_of(error)
        return web.Response(
            status=fault.status,
            body=shape(fault, "openai", ""),
            content_type="application/json",
            headers={"tailrace-error": fault.code},
        )

    async def close(self, grace_s: float) -> None:
        """Wait for the responses read on without a client, and for the large bodies of all calls.

        Takes at most `grace_s` seconds.
        """
        deadline_s = asyncio.get_running_loop().time() + grace_s
        await self._drains.close(grace_s)
        left_s = max(0.0, deadline_s - asyncio.get_running_loop().time())
        self.calls.completed.finish()
        await self.calls.finishing.close(left_s)

    def client_left(self, call: Call, reason: str) -> None:
        """The end of a call whose client left before it."""
        coming = call.sending or call.response
        if call.answered:
            # SDKs hang up at a stream's end mark, before the end of its framing.
            call.abort()
            call.finish("completed")
        elif self.reads_on and coming is not None and call.request_complete:
            self._drains.take(call, coming)
        else:
            call.abort()
            call.finish("client_abort", reason)

    async def _client_gone(self, call: Call, down: Downstream, error: ClientGone) -> None:
        self.client_left(call, str(error))
        if down.started:
            down.cut(at_once=True)
        else:
            down.close_after()
            await _tell(call, down, fault_of(error))


def told_head(
    call: Call,
    upstream: Upstream,
    response: UpstreamResponse,
    ordinary: Callable[[], web.BaseRequest],
) -> ResponseHead:
    """The head as it passes, which the call is told of. Raises: UpstreamProtocolError.

    `ordinary` gives the request where an address in the head is to lead back here.
    """
    try:
        head = split_response(response.headers)
    except ValueError as exc:
        raise UpstreamProtocolError("the declared length is not a number") from exc
    if may_tell_address(response.status, call.path):
        lead_back(head, response.status, ordinary(), upstream, call.path)
    call.response_started(response.status, head)
    return head


def send_first(
    call: Call,
    down: Downstream,
    response: UpstreamResponse,
    head: ResponseHead,
    extra: UsageFilter | None = None,
) -> None:
    """The head, and what has come of the body; a copy to the call."""
    first = response.read_nowait()
    kept = first if extra is None else extra.feed(first)
    try:
        down.begin(response.status, response.reason, head, kept)
    finally:
        if first:
            call.feed_response(first)


async def pass_rest(
    call: Call, down: Downstream, response: UpstreamResponse, extra: UsageFilter | None = None
) -> None:
    """What is left of a response, as fast as the client takes it; then the end of the call."""

    def pass_on(chunk: bytes) -> bool:
        kept = chunk if extra is None else extra.feed(chunk)
        try:
            return down.push(kept) if kept else True
        finally:
            # After it was sent: the client does not wait while its copy is read.
            call.feed_response(chunk)

    try:
        await down.drained()
        while not await response.pass_to(pass_on):
            await down.drained()
    except UpstreamError:
        _let_go(extra, down)
        raise
    _let_go(extra, down)
    call.take_place()
    await down.end()
    call.finish("completed")


async def _pass_down(
    request: web.Request, call: Call, down: Downstream, upstream: Upstream, *, asks: bool
) -> None:
    """The response to the client, a copy to the call; `asks`: we had the request ask for usage."""
    response = call.response
    assert response is not None
    head = told_head(call, upstream, response, lambda: request)
    extra = without_extra(head) if asks else None
    send_first(call, down, response, head, extra)
    await pass_rest(call, down, response, extra)


def _let_go(extra: UsageFilter | None, down: Downstream) -> None:
    if extra is not None and (held := extra.end()):
        down.push(held)


async def _fail(call: Call, down: Downstream, fault: Fault, detail: str) -> None:
    call.abort()
    call.take_place()
    try:
        if down.started:
            down.cut()
        else:
            await _tell(call, down, fault)
    finally:
        call.finish(fault.outcome, f"{fault.code}: {detail}")


async def _tell(call: Call, down: Downstream, fault: Fault) -> None:
    body = shape(fault, call.dialect, call.request_id)
    fields = [
        (b"Content-Type", b"application/json"),
        (b"Content-Length", b"%d" % len(body)),
        (b"tailrace-error", fault.code.encode()),
    ]
    if fault.status == HTTPStatus.SERVICE_UNAVAILABLE:
        fields.append((b"Retry-After", b"1"))
    head = ResponseHead(passed=fields, content_length=len(body))
    reason = HTTPStatus(fault.status).phrase.encode()
    try:
        await down.start(fault.status, reason, head, body)
        await down.end()
    except ClientGone as gone:
        logger.debug("nobody to tell %s: %s", fault.code, gone)
