"""The mock provider's routes, under `/internal/mock`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from proxy.mock import anthropic, openai
from proxy.mock.play import Dialect, Performance, failure, play
from proxy.mock.script import read_script

PREFIX = "/internal/mock"
REFUSED_KEY = "invalid"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def register_mock(web_app: web.Application) -> None:
    """Add the mock's routes to an application whose router is not frozen yet."""
    router = web_app.router
    router.add_post(f"{PREFIX}/v1/chat/completions", _performer(openai))
    router.add_post(f"{PREFIX}/v1/messages", _performer(anthropic))
    router.add_post(f"{PREFIX}/v1/messages/count_tokens", _count_tokens)
    router.add_get(f"{PREFIX}/v1/models", _models)
    router.add_get(f"{PREFIX}/v1/models/{{model}}", _model)
    router.add_route("*", f"{PREFIX}/{{tail:.*}}", _unknown)


def _performer(dialect: Dialect) -> Handler:
    async def perform(http: web.Request) -> web.StreamResponse:
        # Unlike `http.read()` this is not bounded by the application's client_max_size.
        body = await http.content.read()
        if _key(http) == REFUSED_KEY:
            return failure(dialect, 401, "Incorrect API key provided.")
        try:
            script = read_script(http.headers)
            request, prose = dialect.read(body, script)
        except ValueError as exc:
            return failure(dialect, 400, str(exc))
        return await play(http, Performance(dialect, script, request, prose))

    return perform


def _key(http: web.Request) -> str:
    bearer = http.headers.get("authorization", "").removeprefix("Bearer ")
    return http.headers.get("x-api-key", bearer)


async def _count_tokens(http: web.Request) -> web.StreamResponse:
    try:
        body = anthropic.tokens(await http.content.read())
    except ValueError as exc:
        return failure(anthropic, 400, str(exc))
    return web.Response(body=body, headers=anthropic.headers(None), content_type="application/json")


async def _models(http: web.Request) -> web.StreamResponse:
    return web.Response(
        body=openai.models(), headers=openai.headers(None), content_type="application/json"
    )


async def _model(http: web.Request) -> web.StreamResponse:
    body = openai.model(http.match_info["model"])
    if body is None:
        return failure(openai, 404, "The model does not exist.")
    return web.Response(body=body, headers=openai.headers(None), content_type="application/json")


async def _unknown(http: web.Request) -> web.StreamResponse:
    return failure(openai, 404, f"Unknown request URL: {http.method} {http.path}.")
