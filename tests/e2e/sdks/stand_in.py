"""A provider that replays answers of recorded shape, and notes what reached it.

`x-play` names an answer (`answers.py`). Other headers say how:

x-status                       the status, in the error shape of each of the three
x-fail-first, x-fail-status    so many refusals before it, 503 unless named
x-retry-after[-ms]             what a refusal says in `retry-after[-ms]`
x-delay-ms                     the wait before the answer
x-cut-after, x-hold-after      so many events, then the connection breaks, or says nothing more
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.e2e.sdks.answers import answer_of
from tests.support.web_server import served

UNLIKE = {
    # The address that was called, and the connection's own (RFC 9110, 7.6.1).
    "host",
    "connection",
}
ANSWER_HEADERS = {
    "x-request-id": "req_stand_in",
    "request-id": "req_stand_in",
    "x-ratelimit-remaining-requests": "41",
    "openai-processing-ms": "7",
    "anthropic-ratelimit-tokens-remaining": "40",
    "server-timing": "gfet4t7; dur=7",
}
NO_RETRY = {"x-should-retry": "false"}
"""What the SDKs of OpenAI and Anthropic go by, before the status."""
HELD_S = 60
EVENT = re.compile(rb".+?(?:\r\n\r\n|\n\n|\Z)", re.DOTALL)
"""An event with the blank line after it; Google's lines end in CR LF."""


@dataclass(frozen=True)
class Arrival:
    """One request as it came; `at_s` is no part of what is compared."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float = field(compare=False)


@dataclass
class StandIn:
    """What reached it, in its order; `left` is set when a client leaves before the end."""

    url: str = ""
    noted: list[Arrival] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    refused: Counter[str] = field(default_factory=Counter)

    def forget(self) -> None:
        """Begin anew."""
        self.noted.clear()
        self.refused.clear()
        self.left.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note it, and play."""
        try:
            self.noted.append(arrival(request, await request.read()))
            await asyncio.sleep(int(request.headers.get("x-delay-ms", 0)) / 1000)
            return await self._answer(request)
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.headers.get("x-play", "models")
        if self.refused[name] < int(request.headers.get("x-fail-first", 0)):
            self.refused[name] += 1
            return refusal(int(request.headers.get("x-fail-status", 503)), said(request))
        self.refused[name] = 0
        if (status := int(request.headers.get("x-status", 200))) != 200:
            return refusal(status, NO_RETRY)
        if "x-goog-upload-command" in request.headers:
            return self._upload(request)
        return await played(request, name)

    def _upload(self, request: web.Request) -> web.Response:
        """Google's resumable upload: where to send the file to, then that it is there.

        The package sends headers of its own alone, so `x-play` is not told.
        Source: https://ai.google.dev/gemini-api/docs/files.
        """
        if request.headers["x-goog-upload-command"] == "start":
            place = f"{self.url}/upload/v1beta/files?upload_id=1&upload_protocol=resumable"
            return web.json_response({}, headers={"x-goog-upload-url": place})
        content_type, body = answer_of("google file")
        headers = {"x-goog-upload-status": "final", "content-type": content_type}
        return web.Response(body=body, headers=headers)


def arrival(request: web.Request, body: bytes) -> Arrival:
    """A request without what differs in any two; the boundary of parts is another each time."""
    headers = {
        name.lower(): value for name, value in request.headers.items() if name.lower() not in UNLIKE
    }
    before, found, boundary = headers.get("content-type", "").partition("boundary=")
    if found:
        headers["content-type"] = before
        body = body.replace(boundary.encode(), b"-")
    now_s = asyncio.get_running_loop().time()
    return Arrival(request.method, request.path_qs, headers, body, now_s)


def said(request: web.Request) -> dict[str, str]:
    """What a refusal that may be retried says of when."""
    names = ("retry-after", "retry-after-ms")
    return {name: request.headers[f"x-{name}"] for name in names if f"x-{name}" in request.headers}


def refusal(status: int, headers: dict[str, str]) -> web.Response:
    """An error in the shape of each of the three."""
    message = f"refused with {status}"
    error = {"message": message, "type": "stand_in_error", "code": status, "status": "REFUSED"}
    body = {"type": "error", "error": error}
    return web.json_response(body, status=status, headers=ANSWER_HEADERS | headers)


async def played(request: web.Request, name: str) -> web.StreamResponse:
    """The answer of a name, a stream event by event."""
    content_type, body = answer_of(name)
    response = web.StreamResponse(headers=ANSWER_HEADERS | {"Content-Type": content_type})
    if not content_type.startswith("text/event-stream"):
        return web.Response(body=body, headers=response.headers)
    await response.prepare(request)
    events = EVENT.findall(body)
    cut_after = int(request.headers.get("x-cut-after", -1))
    hold_after = int(request.headers.get("x-hold-after", -1))
    for number, event in enumerate(events):
        if number == cut_after:
            assert request.transport is not None
            request.transport.abort()
            break
        if number == hold_after:
            await asyncio.sleep(HELD_S)
        await response.write(event)
        await asyncio.sleep(0)
    return response


@asynccontextmanager
async def standing_in() -> AsyncIterator[StandIn]:
    """One that serves on a free port."""
    made = StandIn()
    web_app = web.Application(client_max_size=64 << 20)
    web_app.router.add_route("*", "/{path:.*}", made.handle)
    async with served(web_app) as made.url:
        yield made
