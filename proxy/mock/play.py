"""Plays a script: one answer, or a stream of events, on an aiohttp response."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from proxy.mock.encoding import encoder
from proxy.mock.prose import Prose
from proxy.mock.script import Script

FAILURE = "The mock was asked to fail here."
RETRY_AFTER_S = 1
RETRIED_STATUSES = frozenset({429, 503, 529})


class CutHere(Exception):
    """The script asks to break the connection here."""


class Dialect(Protocol):
    """What the modules `openai` and `anthropic` offer."""

    def read(self, body: bytes, script: Script) -> tuple[dict[str, Any], Prose]:
        """The request and the answer to it. Raises: ValueError."""

    def answer(self, request: dict[str, Any], prose: Prose) -> bytes:
        """The body of an answer that is not streamed."""

    def opening(self, request: dict[str, Any], prose: Prose) -> list[bytes]:
        """The events before the first word."""

    def word(self, request: dict[str, Any], prose: Prose, index: int) -> bytes:
        """The event of one word."""

    def closing(self, request: dict[str, Any], prose: Prose) -> list[bytes]:
        """The events after the last word."""

    def error(self, status: int, message: str) -> bytes:
        """An error body."""

    def error_event(self, message: str) -> bytes:
        """An error in a stream."""

    def headers(self, prose: Prose | None) -> dict[str, str]:
        """The provider's headers."""


@dataclass(frozen=True, slots=True)
class Performance:
    """A request understood, and how to answer it."""

    dialect: Dialect
    script: Script
    request: dict[str, Any]
    prose: Prose

    def events(self) -> Iterator[bytes]:
        """The stream's events in order. Raises: CutHere where the connection shall break."""
        script = self.script
        yield from self.dialect.opening(self.request, self.prose)
        for index in range(len(self.prose.words) + 1):
            if index == script.cut_after:
                raise CutHere
            if index == script.error_after:
                yield self.dialect.error_event(FAILURE)
                return
            if index < len(self.prose.words):
                yield self.dialect.word(self.request, self.prose, index)
        yield from self.dialect.closing(self.request, self.prose)


async def play(http: web.Request, performance: Performance) -> web.StreamResponse:
    """The answer a performance gives to one HTTP request."""
    script, prose = performance.script, performance.prose
    if script.status is not None:
        return failure(performance.dialect, script.status, FAILURE, prose)
    if performance.request.get("stream") is True:
        return await _stream(http, performance)
    await asyncio.sleep(script.delay_ms / 1000)
    if script.cut_after is not None:
        return _cut(http)
    coding = encoder(script.encoding)
    body = coding.encode(performance.dialect.answer(performance.request, prose)) + coding.end()
    headers = performance.dialect.headers(prose) | _encoded(script)
    return web.Response(body=body, headers=headers, content_type="application/json")


def failure(
    dialect: Dialect, status: int, message: str, prose: Prose | None = None
) -> web.Response:
    """An error as the provider would tell it, with `retry-after` where a retry makes sense."""
    headers = dialect.headers(prose)
    if status in RETRIED_STATUSES:
        headers["retry-after"] = str(RETRY_AFTER_S)
    body = dialect.error(status, message)
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


async def _stream(http: web.Request, performance: Performance) -> web.StreamResponse:
    script = performance.script
    headers = performance.dialect.headers(performance.prose) | _encoded(script)
    headers |= {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(http)
    coding = encoder(script.encoding)
    try:
        for event in performance.events():
            if script.delay_ms:
                await asyncio.sleep(script.delay_ms / 1000)
            await response.write(coding.encode(event))
    except CutHere:
        return _cut(http, response)
    if last := coding.end():
        await response.write(last)
    await response.write_eof()
    return response


def _cut(http: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if http.transport is not None:
        http.transport.close()
    return response or web.Response(status=500)


def _encoded(script: Script) -> dict[str, str]:
    return {"Content-Encoding": script.encoding} if script.encoding else {}
