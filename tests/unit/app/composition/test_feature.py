"""The feature that brings nothing."""

from typing import cast

from aiohttp import web

from app.composition.feature import Feature, NoFeature
from app.engine.contracts import StreamApp


async def test_it_adds_nothing() -> None:
    feature: Feature = NoFeature()
    web_app = web.Application()
    feature.attach(cast(StreamApp, object()), "e")
    feature.register(web_app)
    await feature.start()
    await feature.stop()
    assert (list(feature.specs()), list(feature.parts())) == ([], [])
    assert len(web_app.router.routes()) == 0
