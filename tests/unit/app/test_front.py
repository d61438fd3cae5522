"""What is in front is asked first; everything else goes the ordinary way."""

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from app.front import FRONT, FrontRunner


def answering(text: str) -> Callable[[web.Request], object]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"{text} {request.raw_path}")

    return answer


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server with `/known/*` in front, and the same and more behind a middleware."""

    @web.middleware
    async def marks(request: web.Request, handler: object) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)  # type: ignore[operator]
        response.headers["Marked"] = "yes"
        return response

    web_app = web.Application(middlewares=[marks])
    web_app.router.add_route("*", "/{path:.*}", answering("behind"))  # type: ignore[arg-type]
    web_app[FRONT] = {"known": answering("front")}  # type: ignore[dict-item]
    runner = FrontRunner(web_app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield "http://{}:{}".format(*runner.addresses[0])
    await runner.cleanup()


async def ask(url: str, path: str, **headers: str) -> tuple[str, bool]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(URL(url + path, encoded=True), headers=headers) as answer,
    ):
        return await answer.text(), "Marked" in answer.headers


@pytest.mark.parametrize("path", ["/known/", "/known/x", "/known/x/y?z=1", "/known/%2e%2e/x"])
async def test_what_is_known_is_answered_in_front(url: str, path: str) -> None:
    """No middleware sees it."""
    assert await ask(url, path) == (f"front {path}", False)


@pytest.mark.parametrize(
    "path",
    ["/", "/known", "/knownx", "/knownx/y", "/know/n", "/other/known/", "/known?x=/", "//known/"],
)
async def test_the_rest_goes_the_ordinary_way(url: str, path: str) -> None:
    """Names that are only alike, and names elsewhere in the path."""
    assert await ask(url, path) == (f"behind {path}", True)


async def test_an_expectation_is_the_routes_affair(url: str) -> None:
    """It is answered before the handler."""
    text, marked = await ask(url, "/known/x", Expect="100-continue")
    assert (text, marked) == ("behind /known/x", True)


async def test_an_application_without_a_front_is_served_as_ever() -> None:
    """By its routes."""
    web_app = web.Application()
    web_app.router.add_get("/known/x", answering("behind"))  # type: ignore[arg-type]
    runner = FrontRunner(web_app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    text, _ = await ask("http://{}:{}".format(*runner.addresses[0]), "/known/x")
    await runner.cleanup()
    assert text == "behind /known/x"
