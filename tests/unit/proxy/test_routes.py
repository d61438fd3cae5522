import pytest
from aiohttp import web

from config.settings import RESERVED_UPSTREAM_NAMES
from proxy.routes import register_routes
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from tests.support.relay import raw_client, standing


async def answer(received: Received) -> Reply:
    return Reply(chunks=[received.request.target.encode()])


@pytest.mark.parametrize(
    ("path", "target"),
    [("/v1/chat/completions", "/v1/chat/completions"), ("/up/v1/x?a=/b", "/v1/x?a=/b")],
)
async def test_the_default_and_a_named_upstream(path: str, target: str) -> None:
    async with (
        standing(client=MemoryUpstream(answer)) as stand,
        stand.session.get(stand.url + path) as got,
    ):
        assert await got.text() == target


@pytest.mark.parametrize("name", sorted(RESERVED_UPSTREAM_NAMES - {"v1"}))
async def test_reserved_names_are_never_upstreams(name: str) -> None:
    async with standing(client=MemoryUpstream(answer)) as stand:
        for path in (f"/{name}", f"/{name}/", f"/{name}/x/y"):
            async with stand.session.get(stand.url + path) as got:
                assert got.status == 404
                assert "tailrace-error" not in got.headers


@pytest.mark.parametrize("name", ["apis", "v1x", "healthy", "internals"])
async def test_names_that_only_begin_like_reserved_ones_may_be(name: str) -> None:
    async with standing() as stand, stand.session.get(f"{stand.url}/{name}/x") as got:
        assert (got.status, got.headers["tailrace-error"]) == (404, "unknown_upstream")


async def test_an_unknown_name_is_repeated_within_bounds() -> None:
    async with standing() as stand, stand.session.get(f"{stand.url}/{'n' * 500}/x") as got:
        message = (await got.json())["error"]["message"]
        assert "'" + "n" * 64 + "'" in message


async def test_a_forward_proxys_request_line_is_understood() -> None:
    async with (
        standing(client=MemoryUpstream(answer)) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"GET http://relay/up/x?y HTTP/1.1\r\nHost: relay\r\n\r\n")
        assert b" 200 " in await client.head()
        assert b"/x?y" in await client.reader.readuntil(b"0\r\n\r\n")


@pytest.mark.parametrize("enabled", [True, False])
async def test_the_mock_is_served_where_it_is_enabled(enabled: bool) -> None:
    async with standing() as stand:
        web_app = web.Application()
        register_routes(web_app, stand.relay, mock=enabled)
    paths = [each.canonical for each in web_app.router.resources()]
    assert ("/internal/mock/v1/models" in paths) == enabled
