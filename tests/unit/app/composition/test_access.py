"""The gate of a process: every route that is not public by name is closed without a key."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.access.gate import SESSION_PATH, kind_of
from app.composition.host import Process
from app.composition.web import register_all
from config import load_settings
from tests.support.web_server import served

PUBLIC_ROUTES = {
    "/health/live",
    "/health/ready",
    "/metrics",
    "/internal/instance",
}


def process(role: str) -> Process:
    """A process that demands keys."""
    given = {
        "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "TAILRACE_ROLE": role,
        "TAILRACE_ACCESS__ADMIN_KEY": "the-admin-key-of-this-test",
    }
    return Process(load_settings(given))


@pytest.mark.parametrize("role", ["all", "proxy", "worker"])
async def test_no_route_of_ours_answers_without_a_key(role: str) -> None:
    made = process(role)
    web_app = web.Application()
    register_all(
        web_app,
        relaying=made.relaying,
        port=1,
        parts=[],
        is_draining=lambda: False,
        metrics=made.metrics,
        ingest=made.ingest,
        features=made.features,
        gate=made.gate,
    )
    paths = {
        (route.method, route.resource.canonical.replace("{", "").replace("}", ""))
        for route in web_app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(("/api", "/internal"))
    }
    checked = 0
    async with served(web_app) as url, aiohttp.ClientSession() as session:
        for method, path in sorted(paths):
            if path.startswith("/internal/mock") or path in PUBLIC_ROUTES:
                continue
            async with session.request(method.replace("*", "GET"), url + path) as response:
                # Signing in and out is first refused for coming from no page of ours.
                refused = {401, 403} if path == SESSION_PATH else {401}
                assert response.status in refused, (method, path)
            checked += 1
    assert checked >= 1
    for part in (made.relaying, made.ingest, *made.features):
        if part is not None:
            await part.stop()


def test_what_is_public_is_named_here() -> None:
    for path in PUBLIC_ROUTES:
        assert kind_of(make_mocked_request("GET", path)) == "public"
