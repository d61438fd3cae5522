"""Usage asked for on the client's behalf: the client sees a direct call, the record has it all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import openai
import orjson
import pytest
from aiohttp import web

from proxy.capture.capture import Capture
from tests.support.relay import standing
from tests.support.web_server import served

MESSAGES: list[Any] = [{"role": "user", "content": "hello"}]
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def chunk(**members: Any) -> bytes:
    made = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    return b"data: %b\n\n" % orjson.dumps(made | members)


def choice(text: str, reason: str | None = None) -> list[Any]:
    return [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]


@asynccontextmanager
async def provider(seen: list[bytes]) -> AsyncIterator[str]:
    """One that tells the usage of a stream only to those who ask."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen.append(body)
        asked = orjson.loads(body)
        if not asked.get("stream"):
            return web.json_response({"error": {"message": "no"}}, status=400)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        asks = (asked.get("stream_options") or {}).get("include_usage")
        # As OpenAI documents it: asked for, `usage` is null in every chunk but the last one.
        null = {"usage": None} if asks else {}
        for part in (choice('"usage":null,'), choice("lo", "stop")):
            await response.write(chunk(choices=part, **null))
        if (asked.get("stream_options") or {}).get("include_usage"):
            await response.write(chunk(choices=[], usage=USAGE))
        await response.write(b"data: [DONE]\n\n")
        return response

    web_app = web.Application()
    web_app.router.add_post("/v1/chat/completions", answer)
    async with served(web_app) as url:
        yield url


async def call(base: str, **members: Any) -> tuple[bytes, str | None]:
    """The bytes that came, and what was said to be modified."""
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{base}/v1", max_retries=0) as client:
        create = client.chat.completions.with_streaming_response.create
        async with create(model="gpt-4o", messages=MESSAGES, **members) as answer:
            return await answer.read(), answer.headers.get("tailrace-modified")


async def test_the_client_sees_a_direct_call_and_the_record_has_the_usage() -> None:
    seen: list[bytes] = []
    async with (
        provider(seen) as url,
        standing(url, include_usage=True, new_capture=Capture) as stand,
    ):
        direct, _ = await call(url, stream=True)
        relayed, modified = await call(f"{stand.url}/up", stream=True)
        record = await stand.sink.record()
    assert relayed == direct
    assert modified == "include_usage"
    assert b"include_usage" not in seen[0]
    assert orjson.loads(seen[1])["stream_options"] == {"include_usage": True}
    assert record.usage is not None
    assert (record.usage.input, record.usage.output, record.usage.estimated) == (5, 2, False)
    assert record.outcome == "completed"


@pytest.mark.parametrize("asked", [True, False])
async def test_a_client_that_says_so_itself_is_left_alone(asked: bool) -> None:
    seen: list[bytes] = []
    async with (
        provider(seen) as url,
        standing(url, include_usage=True, new_capture=Capture) as stand,
    ):
        options: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": asked}}
        direct, _ = await call(url, **options)
        relayed, modified = await call(f"{stand.url}/up", **options)
        record = await stand.sink.record()
    assert (relayed, modified) == (direct, None)
    assert seen[0] == seen[1]
    assert record.usage is not None
    assert record.usage.estimated is not asked


async def test_what_came_of_an_event_before_the_break_reaches_the_client() -> None:
    """As directly: the bytes, then the end of the connection."""
    unfinished = chunk(choices=choice("hel")) + b'data: {"id":"c","choi'
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n%b\r\n" % (len(unfinished), unfinished)
    )

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"true}}")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, standing(url, include_usage=True, new_capture=Capture) as stand:
        body = orjson.dumps({"model": "m", "stream": True, "messages": MESSAGES})
        reply = await stand.session.post(f"{stand.url}/up/v1/chat/completions", data=body)
        assert reply.headers["tailrace-modified"] == "include_usage"
        assert await reply.content.readexactly(len(unfinished)) == unfinished
        with pytest.raises(aiohttp.ClientPayloadError):
            await reply.read()
        record = await stand.sink.record()
    assert record.outcome == "upstream_error"


async def test_off_by_default_and_nothing_happens_to_other_calls() -> None:
    seen: list[bytes] = []
    async with provider(seen) as url:
        async with standing(url, new_capture=Capture) as stand:
            assert (await call(f"{stand.url}/up", stream=True))[1] is None
        async with standing(url, include_usage=True, new_capture=Capture) as stand:
            with pytest.raises(openai.BadRequestError):
                await call(f"{stand.url}/up")
    assert all(b"include_usage" not in body for body in seen)
