"""A call's way up: the body whole or streamed, and the wait for the response's head."""

import asyncio
from typing import Final

from aiohttp import web

from app.errors import UpstreamError
from app.tasks import spawn
from proxy.relay.call import Call, Settled
from proxy.relay.downstream import Downstream
from proxy.relay.headers import RequestHead
from proxy.relay.upload import Upload
from proxy.relay.usage_option import rewritten, with_usage
from proxy.upstream.protocol import UpstreamClient, UpstreamRequest, UpstreamResponse

SMALL_BODY_BYTES: Final = 64 << 10


class Sender:
    """Sends requests up; `outlives` lets a call go on when its client leaves before the head."""

    def __init__(self, client: UpstreamClient, idle_s: float, *, outlives: bool) -> None:
        self._client = client
        self._idle_s = idle_s
        self._outlives = outlives

    async def send(
        self,
        request: web.Request,
        head: RequestHead,
        call: Call,
        down: Downstream,
        outgoing: UpstreamRequest,
    ) -> UpstreamResponse:
        """The response's head, the client's body having been sent or being sent.

        Raises: UpstreamError, ClientGone, RelayRefused (`invalid_body`).
        """
        content = request.content
        if content.is_eof() and not head.chunked:
            # Most bodies came in one piece with their head: no iterator, no timer.
            if body := content.read_nowait():
                call.feed_request(body)
                outgoing.body = body
            call.request_sent()
            return await self._answer(call, outgoing)
        before_first = down.send_continue if head.expects_continue else None
        upload = Upload(content, self._idle_s, call.feed_request, call.request_sent, before_first)
        outgoing.body = upload
        return await self._stream(call, down, outgoing, upload)

    async def send_asking(
        self, request: web.Request, head: RequestHead, call: Call, outgoing: UpstreamRequest
    ) -> tuple[UpstreamResponse, bool]:
        """As `send`, with the usage asked for; whether the request was changed for it.

        For a body that `may_be_asked` said yes to: it is read whole before it goes up.
        """
        body = await self._whole(request, call)
        is_small = len(body) <= SMALL_BODY_BYTES
        asking = with_usage(body) if is_small else await asyncio.to_thread(with_usage, body)
        outgoing.body = body if asking is None else asking
        if asking is not None:
            outgoing.headers = rewritten(head, asking)
        return await self._answer(call, outgoing), asking is not None

    async def _whole(self, request: web.Request, call: Call) -> bytes:
        upload = Upload(request.content, self._idle_s, call.feed_request, call.request_sent)
        try:
            async with asyncio.timeout(None) as upload.timer:
                return b"".join([chunk async for chunk in upload])
        except TimeoutError as exc:
            raise upload.stalled() from exc
        finally:
            upload.timer = None

    async def _stream(
        self, call: Call, down: Downstream, outgoing: UpstreamRequest, upload: Upload
    ) -> UpstreamResponse:
        try:
            async with asyncio.timeout(None) as upload.timer:
                return await self._answer(call, outgoing)
        except TimeoutError as exc:
            raise upload.stalled() from exc
        except UpstreamError as exc:
            if upload.error is not None:
                raise upload.error from exc
            raise
        finally:
            upload.timer = None
            if upload.unasked:
                # The client may now send its body or not: only a new connection is unambiguous.
                down.hang_up_after()

    async def _answer(self, call: Call, outgoing: UpstreamRequest) -> UpstreamResponse:
        if not self._outlives:
            return await self._client.send(outgoing)
        call.sending = spawn(self._settle(outgoing), name="relay-send")
        settled = await asyncio.shield(call.sending)
        call.sending = None
        if isinstance(settled, UpstreamError):
            raise settled
        return settled

    async def _settle(self, outgoing: UpstreamRequest) -> Settled:
        try:
            return await self._client.send(outgoing)
        except UpstreamError as error:
            return error
