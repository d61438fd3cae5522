"""The tails of other workers: opened when they appear, tried again, closed when they leave."""

import asyncio

import aiohttp
from aiohttp import web

from app.cluster.tails import PeerTails
from tests.support.answering import answering, saying

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


async def events_of(urls: list[str], until: int) -> list[bytes]:
    written: list[bytes] = []
    enough = asyncio.Event()

    async def write(events: bytes) -> None:
        written.append(events)
        if len(written) >= until:
            enough.set()

    async with aiohttp.ClientSession() as session:
        running = asyncio.create_task(
            PeerTails(lambda: urls, "t", session).run({"tenant": "default"}, write)
        )
        async with asyncio.timeout(10):
            await enough.wait()
        running.cancel()
        await asyncio.wait([running])
    return written


async def test_whole_events_of_each_worker() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert (request.path, request.query["tenant"]) == ("/internal/live", "default")
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"data: 1\n\ndata: 2")
        await response.write(b"\n\n")
        await asyncio.sleep(5)
        return response

    async with answering(handler) as one, answering(handler) as other:
        written = await events_of([one, other], 2)
    assert all(each.startswith(b"data: ") and each.endswith(b"\n\n") for each in written)


async def test_a_worker_that_is_away_or_breaks_off_is_said() -> None:
    async with saying(HEAD + b"data: 1\n\ndata: half") as broken:
        written = await events_of(["http://127.0.0.1:1", broken], 3)
    assert b"data: 1\n\n" in written
    away = [each for each in written if each.startswith(b"event: worker_away")]
    assert len(away) == 2
