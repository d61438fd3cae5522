"""A process without tables: queries go to a worker as they are, once."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from app.cluster.forwarding import Forwarding
from app.cluster.trust import HOP_HEADER, ROLE_HEADER, TENANT_HEADER
from app.views.json_errors import json_errors
from tests.support.answering import Handler, answering, saying
from tests.support.web_server import served

TOKEN = "the-token-of-this-test"
WHO = ("default", "tenant")


@asynccontextmanager
async def passing(worker_url: str | None) -> AsyncIterator[str]:
    forwarding = Forwarding(worker_url, TOKEN)
    web_app = web.Application(middlewares=[json_errors])
    forwarding.register(web_app)
    async with served(web_app) as url:
        yield url
    await forwarding.close()


async def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(URL(url, encoded=True), headers=headers) as response,
    ):
        return response.status, await response.read(), dict(response.headers)


def echo(status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers[HOP_HEADER] == "1"
        assert (request.headers[TENANT_HEADER], request.headers[ROLE_HEADER]) == WHO
        assert "Cookie" not in request.headers
        headers = {"Retry-After": "3", "Set-Cookie": "a=b", "Content-Type": "application/x-echo"}
        return web.Response(status=status, body=request.raw_path.encode(), headers=headers)

    return handler


@pytest.mark.parametrize("status", [200, 404, 503])
async def test_path_and_answer_are_as_they_are(status: int) -> None:
    path = "/api/v1/users/a%2Fb%00%C3%A9?sort=cost&x=%26"
    async with answering(echo(status)) as worker, passing(worker + "/") as url:
        got, body, headers = await get(
            url + path, {"Cookie": "a=1", "Authorization": "mine", ROLE_HEADER: "admin"}
        )
    assert (got, body) == (status, path.encode())
    assert (headers["Content-Type"], headers["Retry-After"]) == ("application/x-echo", "3")
    assert "Set-Cookie" not in headers


async def test_a_coded_body_keeps_its_coding_and_its_guards() -> None:
    """Coded by the worker or by what lies before it: as the client says that it can decode."""
    coded = gzip.compress(b"the body")
    accepted = []
    passed_back = {
        "Content-Encoding": "gzip",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Accel-Buffering": "no",
        "Vary": "Accept-Encoding",
    }

    async def handler(request: web.Request) -> web.Response:
        accepted.append(request.headers.get("Accept-Encoding"))
        return web.Response(body=coded, headers=passed_back)

    async with (
        answering(handler) as worker,
        passing(worker) as url,
        aiohttp.ClientSession(
            auto_decompress=False, skip_auto_headers=("Accept-Encoding",)
        ) as session,
    ):
        for headers in ({"Accept-Encoding": "br"}, {}):
            async with session.get(f"{url}/api/v1/exchanges/x/body", headers=headers) as got:
                assert await got.read() == coded
                assert {name: got.headers.get(name) for name in passed_back} == passed_back
    assert accepted == ["br", None]


async def test_no_worker_a_dead_one_and_a_second_hop() -> None:
    async with passing(None) as url:
        status, body, _ = await get(url + "/api/v1/users/a")
        assert (status, b"TAILRACE_WORKER_URL" in body) == (404, True)
    async with passing("http://127.0.0.1:1") as url:
        assert (await get(url + "/api/v1/users/a"))[0] == 503
        assert (await get(url + "/api/v1/users/a", {HOP_HEADER: "1"}))[0] == 508


async def test_a_worker_that_dies_in_mid_answer_is_no_whole_answer() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    async with saying(head) as worker, passing(worker) as url:
        with pytest.raises(aiohttp.ClientError):
            await get(url + "/api/v1/users/a")
    async with saying(b"") as worker, passing(worker) as url:
        assert (await get(url + "/api/v1/users/a"))[0] == 503
