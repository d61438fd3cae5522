import asyncio
from typing import Any

from aiohttp import web

from app.composition.analysis import CHECK_EVERY_S, Analysis, limits_of
from app.metrics import Metrics
from app.sinks.clickhouse.memory import MemoryAnalytics
from config import Settings
from config.analytics_sections import AnalyticsSettings

SETTINGS = Settings(analytics=AnalyticsSettings(batch_records=7, batch_age_s=0.5))


class Starting(MemoryAnalytics):
    """Is down until it was started twice."""

    def __init__(self) -> None:
        super().__init__({})
        self.is_down = True
        self.starts = 0

    async def start(self) -> None:
        self.starts += 1
        self.is_down = self.starts < 2


class Agents:
    """A stream app that notes what is registered on it."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def source(self, topic: str) -> str:
        return topic

    def agent(self, source: str, *, name: str) -> Any:
        self.names.append(f"{name} on {source}")
        return lambda function: function


def paths(feature: Analysis) -> set[str]:
    web_app = web.Application()
    feature.register(web_app)
    return {each.resource.canonical for each in web_app.router.routes() if each.resource}


async def test_without_an_engine_there_are_routes_and_nothing_else() -> None:
    feature, agents = Analysis(SETTINGS, Metrics(), None), Agents()
    feature.attach(agents, "e")  # type: ignore[arg-type]
    await feature.start()
    assert agents.names == []
    assert feature.parts() == []
    assert paths(feature) == {"/api/v1/exchanges", "/api/v1/exchanges/{id}", "/api/v1/stats"}
    await feature.stop()


async def test_every_incarnation_has_the_agent() -> None:
    feature, agents = Analysis(SETTINGS, Metrics(), MemoryAnalytics({})), Agents()
    for epoch in ("1", "2"):
        feature.attach(agents, epoch)  # type: ignore[arg-type]
    assert agents.names == ["analytics on tailrace.facts"] * 2
    (part,) = feature.parts()
    assert part.state() == "ok"


async def test_an_engine_in_trouble_is_looked_after(monkeypatch: Any) -> None:
    monkeypatch.setattr("app.composition.analysis.CHECK_EVERY_S", CHECK_EVERY_S / 1000)
    engine = Starting()
    feature = Analysis(SETTINGS, Metrics(), engine)
    (part,) = feature.parts()
    assert part.state() not in part.good
    await feature.start()
    async with asyncio.timeout(5):
        while part.state() not in part.good:
            await asyncio.sleep(0.001)
    assert engine.starts == 2
    await feature.stop()
    await feature.stop()
    assert engine.state == "down"


def test_the_limits_are_those_of_the_settings() -> None:
    limits = limits_of(SETTINGS.analytics)
    assert (limits.count, limits.age_s) == (7, 0.5)
