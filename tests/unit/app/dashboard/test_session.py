"""A key becomes a cookie; what a page of another site asks for is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.access.keys import mint
from app.dashboard.session import COOKIE_PATH, MAX_BODY_BYTES, SessionView
from app.views.json_errors import json_errors
from app.views.tenancy import tenant_of
from tests.support.web_server import served

ACME = mint("acme", "tenant", "", datetime(2026, 11, 23, tzinfo=UTC))
SESSION = "/api/v1/session"
CSRF = {"Tailrace-CSRF": "1"}


class Browser:
    """A client with a jar of cookies."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, Any]:
        """Status, body and headers."""
        async with self.session.request(method, self.url + path, **options) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else None, answer.headers


@asynccontextmanager
async def browser(queries: Any = "required") -> AsyncIterator[Browser]:
    keys = KeyDirectory()
    keys.put(ACME.entry.key_id, ACME.entry.encode())
    gate = Gate(AccessPolicy(queries, "open"), keys, None)
    web_app = web.Application(middlewares=[json_errors, gate.middleware()])
    SessionView(gate).register(web_app)

    async def mine(request: web.Request) -> web.Response:
        return web.json_response({"tenant": tenant_of(request)})

    web_app.router.add_get("/api/v1/mine", mine)
    web_app.router.add_post("/api/v1/mine", mine)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        yield Browser(session, url)


async def signed_in(it: Browser, **headers: str) -> Any:
    status, _, answered = await it.ask(
        "POST", SESSION, json={"key": ACME.text}, headers=CSRF | headers
    )
    assert status == 204
    return SimpleCookie(answered["Set-Cookie"])["tailrace_key"]


async def test_a_key_becomes_a_cookie_and_leaves_again() -> None:
    async with browser() as it:
        assert (await it.ask("GET", SESSION))[0] == 401
        assert (await it.ask("GET", "/api/v1/mine"))[0] == 401
        cookie = await signed_in(it)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (
            *(True, "Strict", COOKIE_PATH),
            "",
        )
        status, who, _ = await it.ask("GET", SESSION)
        assert (status, who) == (200, {"tenant": "acme", "role": "tenant", "signed_in": True})
        assert (await it.ask("GET", "/api/v1/mine"))[1] == {"tenant": "acme"}
        assert (await it.ask("DELETE", SESSION, headers=CSRF))[0] == 204
        assert (await it.ask("GET", "/api/v1/mine"))[0] == 401


async def test_over_tls_the_cookie_stays_there() -> None:
    async with browser() as it:
        assert (await signed_in(it, **{"X-Forwarded-Proto": "https"}))["secure"] is True


async def test_what_changes_something_by_cookie_needs_the_header() -> None:
    async with browser() as it:
        await signed_in(it)
        assert (await it.ask("POST", "/api/v1/mine"))[0] == 403
        assert (await it.ask("POST", "/api/v1/mine", headers=CSRF))[0] == 200
        by_key = {"Authorization": f"Bearer {ACME.text}"}
        assert (await it.ask("POST", "/api/v1/mine", headers=by_key))[0] == 200
        assert (await it.ask("DELETE", SESSION))[0] == 403
        assert (await it.ask("POST", SESSION, json={"key": ACME.text}))[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_sites_page_changes_nothing_even_where_no_key_is_needed(site: str) -> None:
    async with browser("open") as it:
        assert (await it.ask("POST", "/api/v1/mine"))[0] == 200
        assert (await it.ask("POST", "/api/v1/mine", headers={"Sec-Fetch-Site": site}))[0] == 403
        own = {"Sec-Fetch-Site": "same-origin"}
        assert (await it.ask("POST", "/api/v1/mine", headers=own))[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"key": "tr_000000000000_' + b"0" * 64 + b'"}', 401),
        (b'{"key": "a\\nb"}', 401),
        (b'{"key": "\xc3\xa9"}', 401),
        (b'{"key": 5}', 401),
        (b'{"key": ""}', 401),
        (b"{}", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"", 400),
        (b"x" * (MAX_BODY_BYTES + 1), 413),
    ],
)
async def test_what_is_no_key_gives_no_cookie(body: bytes, status: int) -> None:
    async with browser() as it:
        answered, _, headers = await it.ask("POST", SESSION, data=body, headers=CSRF)
        assert answered == status
        assert "Set-Cookie" not in headers


async def test_where_no_key_is_needed_nobody_is_asked() -> None:
    async with browser("open") as it:
        status, who, _ = await it.ask("GET", SESSION)
        assert (status, who) == (200, {"tenant": "default", "role": "admin", "signed_in": False})
