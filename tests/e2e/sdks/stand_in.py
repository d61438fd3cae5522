"""A provider that replays answers of recorded shape, and notes what reached it.

`x-play` names an answer: a golden exchange (`openai_chat/stream_tools`), or one of `EXTRA`. Other
headers say how: `x-status`, `x-fail-first` (so many 503s before it), `x-delay-ms`, `x-cut-after`
(so many events, then the connection breaks).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiohttp import web

from tests.support.web_server import served

GOLDEN = Path(__file__).parents[2] / "golden"
TYPES = {".sse": "text/event-stream; charset=utf-8", ".json": "application/json"}
NOTED = ("authorization", "x-api-key", "x-goog-api-key", "content-type", "anthropic-version")
ANSWER_HEADERS = {
    "x-request-id": "req_stand_in",
    "request-id": "req_stand_in",
    "x-ratelimit-remaining-requests": "41",
    "openai-processing-ms": "7",
}
NO_RETRY = {"x-should-retry": "false"}
"""What both SDKs that retry go by, before the status."""
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": '{"city": "Bern", "rivers": 1}'},
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
}
FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 6,
    "created_at": 1,
    "filename": "a.txt",
    "purpose": "assistants",
    "status": "processed",
}
EXTRA: dict[str, tuple[str, bytes]] = {
    "structured": ("application/json", orjson.dumps(CHAT)),
    "file": ("application/json", orjson.dumps(FILE)),
    "models": ("application/json", b'{"object": "list", "data": []}'),
    "speech": ("audio/mpeg", bytes(range(256)) * 40),
    "tokens": ("application/json", b'{"totalTokens": 9}'),
}


@dataclass
class StandIn:
    """What reached it, in its order."""

    url: str = ""
    noted: list[tuple[object, ...]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    attempts: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note it, and play."""
        body = await request.read()
        headers = {name: request.headers.get(name) for name in NOTED}
        headers["content-type"] = request.content_type
        self.noted.append((request.method, request.path_qs, headers, unbounded(body, request)))
        name = request.headers.get("x-play", "models")
        self.attempts[name] += 1
        if self.attempts[name] <= int(request.headers.get("x-fail-first", 0)):
            return refusal(503, {"retry-after": "0"})
        self.attempts[name] = 0
        try:
            await asyncio.sleep(int(request.headers.get("x-delay-ms", 0)) / 1000)
        except asyncio.CancelledError:
            self.left.set()
            raise
        if (status := int(request.headers.get("x-status", 200))) != 200:
            return refusal(status, NO_RETRY)
        return await played(request, name)


def unbounded(body: bytes, request: web.Request) -> bytes:
    """A body without the boundary of its parts, which is another one each time."""
    content_type = request.headers.get("content-type", "")
    _, found, boundary = content_type.partition("boundary=")
    return body.replace(boundary.encode(), b"-") if found else body


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
    events = [event + b"\n\n" for event in body.split(b"\n\n") if event]
    cut_after = int(request.headers.get("x-cut-after", len(events) + 1))
    for number, event in enumerate(events):
        if number == cut_after:
            assert request.transport is not None
            request.transport.abort()
            break
        await response.write(event)
        await asyncio.sleep(0)
    return response


def answer_of(name: str) -> tuple[str, bytes]:
    """Content type and body."""
    if name in EXTRA:
        return EXTRA[name]
    (file,) = (GOLDEN / name).glob("response.*")
    return TYPES[file.suffix], file.read_bytes()


@asynccontextmanager
async def standing_in() -> AsyncIterator[StandIn]:
    """One that serves on a free port."""
    made = StandIn()
    web_app = web.Application(client_max_size=64 << 20)
    web_app.router.add_route("*", "/{path:.*}", made.handle)
    async with served(web_app) as made.url:
        yield made
