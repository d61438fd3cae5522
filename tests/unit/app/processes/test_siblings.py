"""Asking the others over real HTTP: one answers, one hangs, one is not there."""

import asyncio

from aiohttp import web

from app.cluster.trust import HOP_HEADER
from app.processes.siblings import Siblings
from tests.support.processes import free_port
from tests.support.web_server import served


async def test_who_does_not_answer_is_named_and_the_others_are_there() -> None:
    released = asyncio.Event()

    async def answers(request: web.Request) -> web.Response:
        assert request.headers[HOP_HEADER] == "1"
        return web.Response(text="# TYPE a gauge\na 1.0\n")

    async def hangs(request: web.Request) -> web.Response:
        del request
        await released.wait()
        return web.Response()

    good, bad = web.Application(), web.Application()
    good.router.add_get("/metrics", answers)
    bad.router.add_get("/metrics", hangs)
    async with served(good) as good_url, served(bad) as bad_url:
        ports = [0, *(int(url.rpartition(":")[2]) for url in (good_url, bad_url)), free_port()]
        siblings = Siblings(0, ports, timeout_s=0.3)
        await siblings.start()
        lines = (await siblings.gather("# TYPE a gauge\na 7.0\n")).splitlines()
        await siblings.stop()
        released.set()
    assert [line for line in lines if line.startswith("a{")] == [
        'a{process="0"} 7.0',
        'a{process="1"} 1.0',
    ]
    assert [line[-3:] for line in lines if line.startswith("tailrace_process_up{")] == [
        *("1.0", "1.0"),
        *("0.0", "0.0"),
    ]
