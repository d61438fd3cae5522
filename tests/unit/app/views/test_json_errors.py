"""Our errors as JSON answers, over a real server."""

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from app.errors import QueryRefused, RecordError, TailraceError, Unavailable
from app.views.json_errors import answer_of, json_errors
from tests.support.web_server import served

RAISED: dict[str, Callable[[], BaseException]] = {
    "refused": lambda: QueryRefused(400, "bad_limit", "at most 1000", field="limit"),
    "away": lambda: Unavailable("recovering", retry_after_s=2.4),
    "ours": lambda: RecordError("invalid", "secret detail"),
    "bug": lambda: KeyError("secret"),
    "moved": lambda: web.HTTPFound("/elsewhere"),
}


async def raising(request: web.Request) -> web.StreamResponse:
    """Raise what the path names."""
    raise RAISED[request.match_info["name"]]()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server with the middleware, and one relayed path."""
    web_app = web.Application(middlewares=[json_errors])
    web_app.router.add_get("/api/v1/{name}", raising)
    web_app.router.add_get("/relayed/{name}", raising)
    async with served(web_app) as base:
        yield base


async def get(url: str) -> tuple[int, object, str | None]:
    """Status, JSON and Retry-After."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, allow_redirects=False) as response,
    ):
        body = await response.json() if "json" in response.content_type else None
        return response.status, body, response.headers.get("Retry-After")


def error(code: str, message: str, field: str | None = None) -> dict[str, object]:
    """The shape of every error."""
    return {"error": {"code": code, "message": message, "field": field}}


async def test_a_refused_query_names_the_field_at_fault(url: str) -> None:
    """Status and code are the error's own."""
    assert await get(f"{url}/api/v1/refused") == (
        400,
        error("bad_limit", "at most 1000", "limit"),
        None,
    )


async def test_unavailable_says_when_to_ask_again(url: str) -> None:
    """Whole seconds, rounded up: asking sooner is in vain."""
    assert await get(f"{url}/api/v1/away") == (503, error("unavailable", "recovering"), "3")


async def test_our_own_faults_tell_no_detail(url: str) -> None:
    """Neither of our errors nor of a bug."""
    assert await get(f"{url}/api/v1/ours") == (500, error("internal", "RecordError"), None)
    status, body, _ = await get(f"{url}/api/v1/bug")
    assert status == 500
    assert "secret" not in str(body)


async def test_unknown_paths_and_methods_are_json_as_well(url: str) -> None:
    """What aiohttp raises is mapped, and a redirect is let through."""
    status, body, _ = await get(f"{url}/api/nothing")
    assert (status, body) == (404, error("not_found", "Not Found"))
    async with aiohttp.ClientSession() as session, session.post(f"{url}/api/v1/away") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD"
        assert await response.json() == error("method_not_allowed", "Method Not Allowed")
    assert (await get(f"{url}/api/v1/moved"))[0] == 302


async def test_relayed_paths_are_left_alone(url: str) -> None:
    """There the called API's shape is used: aiohttp's own answer shows that nothing was mapped."""
    status, body, _ = await get(f"{url}/relayed/moved")
    assert (status, body) == (302, None)
    status, body, _ = await get(f"{url}/relayed/bug")
    assert (status, body) == (500, None)


@pytest.mark.parametrize("retry_after_s", [0.0, 0.01, 1.0])
def test_retry_after_is_at_least_one_second(retry_after_s: float) -> None:
    """0 would ask for a busy loop."""
    answer = answer_of(Unavailable("later", retry_after_s))
    assert answer.headers["Retry-After"] == "1"


def test_every_error_of_our_tree_has_an_answer() -> None:
    """The table ends with the root."""
    assert answer_of(TailraceError("x")).status == 500
