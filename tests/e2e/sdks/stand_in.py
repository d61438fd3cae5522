"""A provider that replays answers of recorded shape, and notes what reached it.

Request headers say what it does: `x-play` names an answer, `x-way` whose request it is, and

    x-status: 429         that error, said not to be worth another try
    x-fail-first: 2       that many errors before the answer, each one of status `x-fail-status`
    x-retry: name=value   a header of these errors, which says when to come again
    x-drop-first: 1       that many times the connection breaks instead
    x-cut-body: 99        so many bytes of an answer that is no stream, then the connection breaks
    x-next: name          the answer to who asks for what comes after the first one
    x-delay-ms: 500       so much later;  x-delay-first: 1  only so many times
    x-redirect: /         to its path with a slash behind it; `http` to that at its whole address
    x-encoding: gzip      compressed, a stream event by event
    x-cut-after: 3        so many events, then the connection breaks
    x-hold-after: 3       so many events, then nothing more until the client leaves
"""

import asyncio
import gzip
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.e2e.sdks.answers import answer_of
from tests.support.web_server import served

CHANGED = {
    "host": "names the server that is asked",
    "connection": "is about one connection (RFC 9110, section 7.6.1)",
    "transfer-encoding": "is about one connection (RFC 9112, section 6.1)",
    "x-way": "tells our runs apart",
}
"""What a request through a proxy cannot have in common with a direct one, and why."""
REQUEST_ID = "req_stand_in"
ANSWER_HEADERS = {
    "x-request-id": REQUEST_ID,
    "request-id": REQUEST_ID,
    "x-ratelimit-remaining-requests": "41",
    "anthropic-ratelimit-tokens-remaining": "7000",
    "openai-processing-ms": "7",
    "x-twice": "a, b",
}
NO_RETRY = {"x-should-retry": "false"}
"""What both SDKs that retry go by, before the status."""
FOREVER_S = 60
NEXT = {"after", "after_id", "pageToken"}
"""What the three call the place in a list from which to go on."""
EVENT = re.compile(rb".+?(?:\r\n\r\n|\n\n|\Z)", re.DOTALL)
"""An event with the blank line after it; Google's lines end in CR LF."""


@dataclass(frozen=True)
class Arrival:
    """A request as it came; equal to another one that says the same at another time."""

    method: str
    path: str
    headers: list[tuple[str, bytes]]
    body: bytes
    size: int
    at_s: float = field(compare=False)

    @property
    def retry_counts(self) -> list[int]:
        """What `x-stainless-retry-count` says, where a package sends it."""
        return [int(value) for name, value in self.headers if name == "x-stainless-retry-count"]


@dataclass
class StandIn:
    """What reached it, by way and in its order; `left` are the ways whose client hung up."""

    url: str = ""
    arrivals: defaultdict[str, list[Arrival]] = field(default_factory=lambda: defaultdict(list))
    left: set[str] = field(default_factory=set)

    def has(self, way: str) -> bool:
        """Whether a request came by a way."""
        return bool(self.arrivals[way])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note it, and play."""
        at_s = time.monotonic()
        way = request.headers.get("x-way") or request.query["upload_id"]
        arrivals = self.arrivals[way]
        arrivals.append(await noted(request, at_s, way))
        try:
            return await self._answer(request, len(arrivals), way)
        except asyncio.CancelledError:
            self.left.add(way)
            raise
        except ConnectionError:
            # It left while something was being sent.
            self.left.add(way)
            return web.Response()

    async def _answer(self, request: web.Request, number: int, way: str) -> web.StreamResponse:
        how = request.headers
        if number <= int(how.get("x-fail-first", 0)):
            name, _, value = how["x-retry"].partition("=")
            return refusal(int(how["x-fail-status"]), {name: value})
        if number <= int(how.get("x-delay-first", number)):
            await asyncio.sleep(int(how.get("x-delay-ms", 0)) / 1000)
        if (status := int(how.get("x-status", 200))) != 200:
            return refusal(status, NO_RETRY)
        if number <= int(how.get("x-drop-first", 0)) and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if (kind := how.get("x-redirect")) and not request.path.endswith("/"):
            where = request.rel_url if kind == "/" else request.url
            slashed = where.with_path(f"{request.rel_url.raw_path}/", encoded=True, keep_query=True)
            return web.Response(status=307, headers={**ANSWER_HEADERS, "Location": str(slashed)})
        if command := how.get("x-goog-upload-command"):
            return uploading(request, command, way)
        is_next = not NEXT.isdisjoint(request.query)
        return await played(request, *answer_of(how["x-next" if is_next else "x-play"]))


async def noted(request: web.Request, at_s: float, way: str) -> Arrival:
    """A request in a form that is equal for equal calls."""
    body = await request.read()
    content_type = request.headers.get("content-type", "")
    # The boundary of a form's parts is another one each time.
    boundary = content_type.partition("boundary=")[2].encode() or b"\0"
    headers = [
        (name.decode().lower(), value.replace(boundary, b"-"))
        for name, value in request.raw_headers
        if name.decode().lower() not in CHANGED
    ]
    path = request.raw_path.replace(f"upload_id={way.replace(' ', '+')}", "upload_id=")
    return Arrival(request.method, path, headers, body.replace(boundary, b"-"), len(body), at_s)


def refusal(status: int, headers: Mapping[str, str]) -> web.Response:
    """An error in the shape of each of the three."""
    message = f"refused with {status}"
    error = {"message": message, "type": "stand_in_error", "code": status, "status": "REFUSED"}
    body = {"type": "error", "error": error}
    return web.json_response(body, status=status, headers={**ANSWER_HEADERS, **headers})


def uploading(request: web.Request, command: str, way: str) -> web.Response:
    """Google's resumable upload: the address for the bytes, and the file once all are there."""
    if command == "start":
        where = request.url.with_query(upload_id=way)
        headers = {"X-Goog-Upload-URL": str(where), "X-Goog-Upload-Status": "active"}
        return web.json_response({}, headers=ANSWER_HEADERS | headers)
    status = {"X-Goog-Upload-Status": "final" if "finalize" in command else "active"}
    content_type, body = answer_of("gemini file")
    return web.Response(body=body, content_type=content_type, headers=ANSWER_HEADERS | status)


async def played(request: web.Request, content_type: str, body: bytes) -> web.StreamResponse:
    """An answer, a stream event by event."""
    headers = ANSWER_HEADERS | {"Content-Type": content_type}
    packed = packing(request.headers.get("x-encoding"))
    if request.headers.get("x-encoding"):
        headers["Content-Encoding"] = request.headers["x-encoding"]
    if not body:
        return web.Response(status=204, headers=ANSWER_HEADERS)
    if not content_type.startswith("text/event-stream"):
        if "x-cut-body" in request.headers:
            return await broken_off(request, body, headers)
        return web.Response(body=packed(body), headers=headers)
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    cut_after = int(request.headers.get("x-cut-after", -1))
    hold_after = int(request.headers.get("x-hold-after", -1))
    for number, event in enumerate(EVENT.findall(body)):
        if number == cut_after and request.transport is not None:
            request.transport.abort()
            break
        if number == hold_after:
            await asyncio.sleep(FOREVER_S)
        await response.write(packed(event))
        await asyncio.sleep(0)
    return response


async def broken_off(
    request: web.Request, body: bytes, headers: Mapping[str, str]
) -> web.StreamResponse:
    """An answer of a declared length, of which only the beginning comes."""
    response = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: int(request.headers["x-cut-body"])])
    assert request.transport is not None
    request.transport.abort()
    return response


def packing(encoding: str | None) -> Callable[[bytes], bytes]:
    """What makes of each part of a body what is sent of it: a member of gzip's, or the part."""
    return gzip.compress if encoding == "gzip" else bytes


@asynccontextmanager
async def standing_in() -> AsyncIterator[StandIn]:
    """One that serves on a free port."""
    made = StandIn()
    web_app = web.Application(client_max_size=64 << 20)
    web_app.router.add_route("*", "/{path:.*}", made.handle)
    async with served(web_app) as made.url:
        yield made
