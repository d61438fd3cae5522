"""The body route, over a real server."""

import base64
import gzip
import os
from collections.abc import AsyncIterator
from zlib import crc32

import aiohttp
import pytest
from aiohttp import web

from app.access.directory import Principal
from app.record.bodies import BodyEnvelope, BodyPart, StoredBody
from app.sinks.archive.locations import BodyStates
from app.views.bodies import BodyView
from app.views.json_errors import json_errors
from app.views.tenancy import PRINCIPAL
from tests.support.reading import Reading
from tests.support.records import REQUEST_ID, STARTED_AT
from tests.support.web_server import served

TEXT = "größer als 模型 🙂\r\n".encode()
ASKED = BodyPart("application/json; charset=utf-8", "", TEXT)


class Served(Reading):
    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.session: aiohttp.ClientSession

    async def keep(self, request: BodyPart | None, response: BodyPart | None) -> None:
        await self.archive(BodyEnvelope("default", REQUEST_ID, STARTED_AT, request, response))

    def get(self, query: str = "", request_id: str = REQUEST_ID, **kwargs: object):  # type: ignore[no-untyped-def]
        return self.session.get(f"{self.url}/api/v1/exchanges/{request_id}/body{query}", **kwargs)


@pytest.fixture
async def world() -> AsyncIterator[Served]:
    world = Served()

    @web.middleware
    async def gate(request: web.Request, handler) -> web.StreamResponse:  # type: ignore[no-untyped-def]
        if (tenant := request.headers.get("test-tenant")) is not None:
            request[PRINCIPAL] = Principal(tenant, "tenant")
        return await handler(request)

    web_app = web.Application(middlewares=[json_errors, gate])
    BodyView(world.reader).register(web_app)
    async with (
        served(web_app) as world.url,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        world.session = session
        yield world


async def test_one_side_is_the_exact_bytes_with_their_type(world: Served) -> None:
    noise = os.urandom(5000)
    await world.keep(ASKED, BodyPart("audio/mpeg", "", noise))
    async with world.get("?side=request") as answer:
        assert (answer.status, await answer.read()) == (200, TEXT)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    async with world.get("?side=response") as answer:
        assert await answer.read() == noise
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert "Content-Encoding" not in answer.headers


async def test_a_coding_goes_with_the_bytes_as_it_passed(world: Served) -> None:
    packed = gzip.compress(TEXT)
    await world.keep(None, BodyPart("application/json", "gzip", packed))
    async with world.get("?side=response") as answer:
        assert await answer.read() == packed
        assert answer.headers["Content-Encoding"] == "gzip"
    async with aiohttp.ClientSession() as session, session.get(answer.url) as decoded:
        assert await decoded.read() == TEXT


async def test_nothing_of_it_runs_on_our_origin(world: Served) -> None:
    await world.keep(BodyPart("text/html", "", b"<script>alert(1)</script>"), None)
    for query in ("", "?side=request"):
        async with world.get(query) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["Cache-Control"] == "private, no-store"
    async with world.get("?side=request") as answer:
        disposition = answer.headers["Content-Disposition"]
        assert disposition == f'attachment; filename="{REQUEST_ID}-request"'


async def test_both_sides_as_json(world: Served) -> None:
    await world.keep(ASKED, BodyPart("audio/mpeg", "", b"\xff\x00"))
    async with world.get() as answer:
        assert answer.content_type == "application/json"
        told = await answer.json()
    assert told["request_id"] == REQUEST_ID
    assert (told["request_state"], told["response_state"]) == ("kept", "kept")
    assert told["request"] == {
        "content_type": "application/json; charset=utf-8",
        "content_encoding": "",
        "size_bytes": len(TEXT),
        "encoding": "utf-8",
        "data": TEXT.decode(),
    }
    assert told["response"]["encoding"] == "base64"
    assert base64.b64decode(told["response"]["data"]) == b"\xff\x00"


async def test_coded_bytes_are_base64_in_json_and_a_missing_side_is_null(world: Served) -> None:
    packed = gzip.compress(b"x")
    await world.keep(None, BodyPart("application/json", "gzip", packed))
    world.locations.known["default", REQUEST_ID] = BodyStates("omitted", "kept")
    async with world.get() as answer:
        told = await answer.json()
    assert (told["request"], told["request_state"]) == (None, "omitted")
    assert base64.b64decode(told["response"]["data"]) == packed
    async with world.get("?side=request") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "omitted")
        assert "Retry-After" not in answer.headers


async def test_an_empty_side_is_no_bytes(world: Served) -> None:
    await world.keep(BodyPart("text/plain", "", b""), None)
    async with world.get("?side=request") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, "0")
        assert await answer.read() == b""


async def test_five_megabytes_come_whole(world: Served) -> None:
    data = os.urandom(5 << 20)
    await world.keep(None, BodyPart("", "", data))
    async with world.get("?side=response") as answer:
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert await answer.read() == data


async def test_only_the_tenants_own(world: Served) -> None:
    await world.keep(ASKED, None)
    world.at_age(REQUEST_ID, 86_400)
    async with world.get("?side=request", headers={"test-tenant": "other"}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "unknown_exchange")
    async with world.get(
        "?side=request&tenant=default", headers={"test-tenant": "other"}
    ) as answer:
        assert answer.status == 404


async def test_not_yet_says_when_to_ask_again(world: Served) -> None:
    world.at_age(REQUEST_ID, 1)
    async with world.get() as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (404, "5")
        assert (await answer.json())["error"]["code"] == "not_yet"


@pytest.mark.parametrize(
    ("query", "request_id", "status", "field"),
    [("?side=both", REQUEST_ID, 400, "side"), ("", "not-an-id", 404, "id")],
)
async def test_what_cannot_be_asked_is_refused(
    world: Served, query: str, request_id: str, status: int, field: str
) -> None:
    async with world.get(query, request_id) as answer:
        assert (answer.status, (await answer.json())["error"]["field"]) == (status, field)


async def test_a_large_body_is_read_from_its_own_object(world: Served) -> None:
    data = os.urandom(9 << 20)
    stored = StoredBody("default/2026-03-14/direct/x/response", len(data), crc32(data))
    world.store.objects[stored.object] = data
    await world.keep(ASKED, BodyPart("video/mp4", "", b"", stored))
    async with world.get("?side=response") as answer:
        assert answer.headers["Content-Length"] == str(len(data))
        assert answer.headers["Content-Type"] == "video/mp4"
        assert await answer.read() == data
    async with world.get() as answer:
        told = (await answer.json())["response"]
    assert (told["size_bytes"], told["data"], told["encoding"]) == (len(data), None, None)
    world.store.objects[stored.object] = data[:-1] + b"?"
    with pytest.raises(aiohttp.ClientPayloadError):
        async with world.get("?side=response") as answer:
            await answer.read()
    world.store.objects.pop(stored.object)
    async with world.get("?side=response") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "expired")


async def test_without_a_store_there_are_no_bodies() -> None:
    web_app = web.Application(middlewares=[json_errors])
    BodyView(None).register(web_app)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/v1/exchanges/{REQUEST_ID}/body") as answer,
    ):
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "no_archive")
