"""The pipeline's page as a feature: its routes are there, and its connections end."""

from aiohttp import web

from app.composition.watching import Watching
from app.engine.app import StreamApp
from app.engine.stream_side import StreamSide
from app.metrics import Metrics
from config import load_settings


async def nothing() -> StreamApp:
    raise AssertionError("no stream side is started here")


async def test_its_routes() -> None:
    web_app = web.Application()
    watching = Watching(load_settings({}), StreamSide(nothing), Metrics(), list)
    watching.register(web_app)
    paths = {route.resource.canonical for route in web_app.router.routes() if route.resource}
    assert paths == {"/api/v1/pipeline", "/internal/pipeline"}
    await watching.stop()
