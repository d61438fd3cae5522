"""The archive put together: with a store, with an engine, with neither."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from app.composition.archiving import Archiving, limits_of
from app.engine.contracts import BatchLimits
from app.errors import StoreUnavailable
from app.metrics import Metrics
from app.sinks.archive.memory import MemoryStore
from app.sinks.clickhouse.memory import MemoryAnalytics
from config import Settings
from config.archive_sections import ArchiveSettings


class Registered:
    """A stream app that notes its agents."""

    def __init__(self) -> None:
        self.agents: list[tuple[str, str]] = []

    def source(self, topic_name: str) -> str:
        return topic_name

    def agent(self, source: str, /, *, name: str) -> Any:
        self.agents.append((name, source))
        return lambda function: function


def routes(feature: Archiving) -> list[str]:
    web_app = web.Application()
    feature.register(web_app)
    return [each.canonical for each in web_app.router.resources()]


@pytest.mark.parametrize("store", [None, MemoryStore()], ids=["no store", "store"])
@pytest.mark.parametrize("engine", [None, MemoryAnalytics({})], ids=["no engine", "engine"])
async def test_what_there_is_is_used(
    store: MemoryStore | None, engine: MemoryAnalytics | None
) -> None:
    feature = Archiving(Settings(), Metrics(), engine, store=store)
    expected = [("archive", "tailrace.bodies")] if store is not None else []
    expected += [("index", "tailrace.archived")] if engine is not None else []
    app = Registered()
    feature.attach(app, "epoch")  # type: ignore[arg-type]
    feature.attach(app, "epoch")  # type: ignore[arg-type]
    assert app.agents == expected * 2
    assert [part.name for part in feature.parts()] == [f"sink {name}" for name, _ in expected]
    assert routes(feature) == ["/api/v1/exchanges/{id}/body"]
    await feature.start()
    await feature.stop()


async def test_a_store_in_trouble_is_asked_until_it_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.composition.archiving.CHECK_EVERY_S", 0.01)
    store = MemoryStore()
    store.trouble = StoreUnavailable("no_bucket", "gone")
    feature = Archiving(Settings(), Metrics(), None, store=store)
    (part,) = feature.parts()
    assert part.state() == "starting"
    await feature.start()
    async with asyncio.timeout(10):
        while part.state() != "no_bucket":
            await asyncio.sleep(0.01)
        assert part.state() not in part.good
        store.trouble = None
        while part.state() != "ok":
            await asyncio.sleep(0.01)
    assert part.state() in part.good
    await feature.stop()


def test_batches_follow_the_settings() -> None:
    settings = ArchiveSettings(batch_records=7, batch_bytes=1 << 20, batch_age_s=2)
    assert limits_of(settings) == BatchLimits(7, 1 << 20, 2)
