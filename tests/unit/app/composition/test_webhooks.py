"""Webhooks put together."""

from typing import Any

from aiohttp import web

from app.clock import SystemClock
from app.composition.streams import Streams
from app.composition.webhooks import Webhooks, keys_of, links_of, poster_of, schedule_of
from app.control.memory import MemoryControl
from app.engine.memory import MemoryStore
from app.metrics import Metrics
from app.reference.routes import ROUTES
from app.sinks.clickhouse.memory import MemoryAnalytics
from app.webhooks.endpoint import KIND
from config import load_settings
from tests.support.endpoints import KEY, endpoint
from tests.support.facts import fact
from tests.support.processes import free_port

VARIABLES = {
    "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
    "TAILRACE_CANONICAL_URL": "http://worker-1:6066",
    "TAILRACE_WEBHOOKS__SECRET_KEY": f"{KEY} , an older key of ours",
    "TAILRACE_WEBHOOKS__SCHEDULE_S": "1,2,3,4,5,6",
    "TAILRACE_WEBHOOKS__ALLOWED_NETWORKS": "10.0.0.0/8,fd00::/8",
}
SETTINGS = load_settings(VARIABLES)


class App:
    """A stream app that notes its agents and tables."""

    def __init__(self) -> None:
        self.agents: list[str] = []
        self.tables: list[tuple[str, float | None]] = []

    def source(self, topic: str) -> str:
        return topic

    def agent(self, source: str, *, name: str) -> Any:
        self.agents.append(f"{name} on {source}")
        return lambda function: function

    def store(self, name: str, ttl_s: float | None = None) -> MemoryStore:
        self.tables.append((name, ttl_s))
        return MemoryStore()


def made(analytics: MemoryAnalytics | None = None) -> tuple[Webhooks, Streams, MemoryControl]:
    metrics, control = Metrics(), MemoryControl()
    streams = Streams(SETTINGS, metrics)
    return Webhooks(SETTINGS, metrics, streams, control, analytics), streams, control


async def test_the_meter_is_told_of_endpoints_as_they_come() -> None:
    _, streams, control = made()
    assert streams.deliveries is not None
    assert list(streams.deliveries(fact())) == []
    await control.put(KIND, endpoint().endpoint_id, endpoint().model_dump_json().encode())
    assert len(list(streams.deliveries(fact()))) == 1


async def test_agent_table_routes_and_parts() -> None:
    feature, _, _ = made()
    app, web_app = App(), web.Application()
    feature.attach(app, "e")  # type: ignore[arg-type]
    assert app.agents == ["deliver on tailrace.deliveries"]
    assert app.tables == [("delivered", SETTINGS.meter.seen_ttl_s)]
    feature.register(web_app)
    routes = {
        (each.method, each.resource.canonical) for each in web_app.router.routes() if each.resource
    }
    documented = {
        (method, path)
        for method, path, _ in ROUTES
        if "/webhooks" in path or path.endswith("/deliveries")
    }
    assert {each for each in routes if each[0] != "HEAD"} == documented
    assert [part.name for part in feature.parts()] == ["sink deliver", "webhook retries"]


async def test_it_starts_and_stops_without_a_broker_or_an_engine() -> None:
    for analytics in (None, MemoryAnalytics({})):
        feature, _, _ = made(analytics)
        await feature.start()
        await feature.stop()


def test_settings_become_parts() -> None:
    assert keys_of(SETTINGS.webhooks) == [KEY, "an older key of ours"]
    assert keys_of(load_settings({}).webhooks) == ()
    assert links_of(SETTINGS).make("t", "r", 1).startswith("http://worker-1:6066/api/")
    assert schedule_of(SETTINGS.webhooks).waits_s == (1, 2, 3, 4, 5, 6)
    poster_of(SETTINGS.webhooks, SystemClock()).check_url("https://10.1.2.3/")
