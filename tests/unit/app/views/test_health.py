"""Liveness and readiness: who is ill, and whether calls are relayed nevertheless."""

from typing import Any

import aiohttp
import pytest
from aiohttp import web

from app.views.health import Part, readiness, register_health
from tests.support.web_server import served


def parts(publisher: str = "direct", streams: str = "running", vital: bool = False) -> list[Part]:
    """The parts of a process that relays and meters, in these states."""
    return [
        Part("publisher", lambda: publisher, frozenset({"direct"})),
        Part("streams", lambda: streams, frozenset({"running"}), vital),
    ]


def test_all_well() -> None:
    """Every state is named, nothing is degraded."""
    assert readiness(parts(), draining=False) == (
        200,
        {"status": "ok", "degraded": [], "parts": {"publisher": "direct", "streams": "running"}},
    )


@pytest.mark.parametrize(
    ("ill", "named"),
    [
        ({"publisher": "retrying"}, ["publisher"]),
        ({"streams": "recovering"}, ["streams"]),
        ({"publisher": "retrying", "streams": "failed"}, ["publisher", "streams"]),
    ],
)
def test_what_the_relay_can_do_without_is_degraded(ill: dict[str, str], named: list[str]) -> None:
    """200: calls are relayed."""
    status, body = readiness(parts(**ill), draining=False)
    assert (status, body["status"], body["degraded"]) == (200, "degraded", named)


def test_what_this_role_cannot_do_without_makes_it_unready() -> None:
    """A worker without its stream side answers nothing."""
    status, body = readiness(parts(streams="failed", vital=True), draining=False)
    assert (status, body["status"], body["degraded"]) == (503, "unready", ["streams"])


def test_draining_comes_before_all_else() -> None:
    """503, however well the parts are, and the ill ones are named still."""
    status, body = readiness(parts(), draining=True)
    assert (status, body["status"]) == (503, "draining")
    status, body = readiness(parts(streams="failed", vital=True), draining=True)
    assert (status, body["status"], body["degraded"]) == (503, "draining", ["streams"])


def test_a_probe_that_fails_is_an_ill_part() -> None:
    """The answer is given nevertheless, and says which part it was."""

    def broken() -> str:
        raise RuntimeError("secret")

    status, body = readiness([Part("odd", broken, frozenset({"fine"}))], draining=False)
    assert (status, body["parts"], body["degraded"]) == (200, {"odd": "unknown"}, ["odd"])


async def ask(url: str) -> tuple[int, Any]:
    """Status and JSON."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json()


async def test_over_http_liveness_depends_on_nothing() -> None:
    """Alive while draining and while every part is ill."""
    web_app, draining = web.Application(), [False]
    register_health(web_app, parts("retrying", "failed", vital=True), lambda: draining[0])
    async with served(web_app) as url:
        assert await ask(f"{url}/health/live") == (200, {"status": "ok"})
        assert (await ask(f"{url}/health/ready"))[0] == 503
        draining[0] = True
        assert await ask(f"{url}/health/live") == (200, {"status": "ok"})
        assert (await ask(f"{url}/health/ready"))[1]["status"] == "draining"
