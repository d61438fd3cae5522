"""The live tail of a worker whose stream side is away: open, and empty."""

import aiohttp
from aiohttp import web

from app.composition.tailing import Tailing
from app.engine.stream_side import StreamSide
from app.errors import Unavailable
from app.live.feed import LiveFeed
from config import Settings
from tests.support.web_server import served


async def nothing() -> None:
    raise Unavailable("no broker")


async def test_it_is_open_before_the_tables_are() -> None:
    feature = Tailing(Settings(), StreamSide(nothing), LiveFeed())  # type: ignore[arg-type]
    web_app = web.Application()
    feature.register(web_app)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession() as session,
        session.get(url + "/api/v1/live") as response,
    ):
        assert (await response.content.readline()).startswith(b"retry:")
    await feature.stop()
