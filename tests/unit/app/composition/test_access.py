"""The gate of a process: every route that is not public by name is closed without a key."""

from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.access.directory import ANYBODY
from app.access.gate import SESSION_PATH, kind_of
from app.access.keys import mint
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


def process(role: str, **more: str) -> Process:
    """A process that demands keys."""
    given = {
        "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "TAILRACE_ROLE": role,
        "TAILRACE_ACCESS__ADMIN_KEY": "the-admin-key-of-this-test",
        **more,
    }
    return Process(load_settings(given))


def routes_of(made: Process) -> web.Application:
    """All its routes, behind its gate."""
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
    return web_app


@pytest.mark.parametrize("role", ["all", "proxy", "worker"])
async def test_no_route_of_ours_answers_without_a_key(role: str) -> None:
    made = process(role)
    web_app = routes_of(made)
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


async def test_before_the_keys_were_read_a_call_with_one_is_to_come_again(tmp_path: Path) -> None:
    """On an empty disk, without a broker; one without a key is relayed."""
    made = process("proxy", TAILRACE_DATA_DIR=str(tmp_path))
    web_app = routes_of(made)
    key = mint("acme", "tenant", "", datetime(2026, 11, 23, tzinfo=UTC)).text
    async with served(web_app) as url, aiohttp.ClientSession() as session:
        for path, headers, status, told in (
            ("/mock/v1/models", {"Tailrace-Auth": f"Bearer {key}"}, 503, "1"),
            ("/mock/v1/models", {"Tailrace-Auth": "Bearer nonsense"}, 401, None),
            ("/mock/v1/models", {}, 502, None),
            ("/api/v1/users", {"Authorization": f"Bearer {key}"}, 503, "1"),
        ):
            async with session.get(url + path, headers=headers) as response:
                assert (response.status, response.headers.get("Retry-After")) == (status, told)
    for part in (made.relaying, *made.features):
        if part is not None:
            await part.stop()


def test_where_it_is_open_the_canonical_url_may_be_asked() -> None:
    given = {"TAILRACE_ACCESS__MODE": "open", "TAILRACE_CANONICAL_URL": "http://Tail.example"}
    asked = make_mocked_request("GET", "/api/v1/users", headers={"Host": "tail.example"})
    assert process("proxy", **given).gate.principal(asked) == ANYBODY
