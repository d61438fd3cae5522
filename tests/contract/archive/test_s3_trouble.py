"""What goes wrong with S3, told apart: no bucket, refused keys, asked for time, away."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from app.errors import SinkRefused, StoreUnavailable
from app.sinks.archive.s3 import S3Store
from config.archive_sections import S3Settings
from tests.support.processes import free_port
from tests.support.seaweed import Seaweed
from tests.support.web_server import served

ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"


@asynccontextmanager
async def opened(settings: S3Settings) -> AsyncIterator[S3Store]:
    store = S3Store(settings)
    try:
        yield store
    finally:
        await store.close()


async def trouble(call: Any) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as raised:
        await call
    return raised.value


@pytest.mark.embedded
async def test_a_missing_bucket_is_named_and_made_where_that_is_allowed(
    seaweed: Seaweed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with opened(seaweed.settings(bucket="not-there")) as store:
        for _ in range(3):
            error = await trouble(store.check())
            assert (error.state, store.state) == ("no_bucket", "no_bucket")
    lines = [each.message for each in caplog.records if "object store" in each.message]
    assert len(lines) == 1
    assert "no_bucket" in lines[0]
    assert "TAILRACE_S3__CREATE_BUCKET" in lines[0]
    async with opened(seaweed.settings(bucket="made", create_bucket=True)) as store:
        await store.check()
        await store.check()
        await store.put("a/b", b"c")
        assert (store.state, await store.get("a/b", 0, 9)) == ("ok", b"c")


@pytest.mark.embedded
@pytest.mark.parametrize("wrong", ["access_key_id", "secret_access_key"])
async def test_refused_keys_are_told_from_a_missing_bucket(seaweed: Seaweed, wrong: str) -> None:
    async with opened(seaweed.settings(**{wrong: "wrong-wrong-wrong"})) as store:
        assert (await trouble(store.check())).state == "refused"
        assert (await trouble(store.put("a", b"b"))).state == "refused"
        assert (await trouble(store.get("a", 0, 1))).state == "refused"
        assert "wrong-wrong" not in str(await trouble(store.check()))


async def test_a_store_that_is_not_there_is_down() -> None:
    settings = S3Settings(
        endpoint_url=f"http://127.0.0.1:{free_port()}", access_key_id="a", secret_access_key="b"
    )
    async with opened(settings) as store:
        assert store.state == "new"
        assert (await trouble(store.check())).state == "down"
        assert store.state == "down"


@pytest.mark.embedded
async def test_killed_and_started_again(own_seaweed: Seaweed) -> None:
    async with opened(own_seaweed.settings(timeout_s=2, connect_timeout_s=1)) as store:
        await store.put("kept", b"before")
        own_seaweed.kill()
        assert (await trouble(store.put("lost", b"x"))).state == "down"
        await own_seaweed.restart()
        await store.put("after", b"x")
        assert await store.get("kept", 0, 10) == b"before"
        own_seaweed.signal(signal.SIGSTOP)
        try:
            assert (await trouble(store.put("hangs", b"x"))).state == "down"
        finally:
            own_seaweed.signal(signal.SIGCONT)
        await store.put("after", b"x")
        assert store.state == "ok"


@asynccontextmanager
async def answering(status: int, code: str, **headers: str) -> AsyncIterator[S3Settings]:
    """An S3 that answers everything with one error; a HEAD has no body, as in S3."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        body = "" if request.method == "HEAD" else ERROR.format(code=code)
        return web.Response(status=status, text=body, headers=headers, content_type="text/xml")

    web_app = web.Application(client_max_size=1 << 30)
    web_app.router.add_route("*", "/{path:.*}", answer)
    async with served(web_app) as url:
        yield S3Settings(endpoint_url=url, access_key_id="a", secret_access_key="b", timeout_s=5)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (503, "SlowDown", "throttled"),
        (429, "TooManyRequests", "throttled"),
        (404, "NoSuchBucket", "no_bucket"),
        (403, "AccessDenied", "refused"),
        (403, "InvalidAccessKeyId", "refused"),
        (403, "SignatureDoesNotMatch", "refused"),
        (403, "RequestTimeTooSkewed", "refused"),
        (400, "ExpiredToken", "refused"),
        (400, "InvalidToken", "refused"),
        (500, "InternalError", "down"),
    ],
)
async def test_each_answer_has_its_state(status: int, code: str, state: str) -> None:
    async with answering(status, code) as settings, opened(settings) as store:
        assert (await trouble(store.put("a/b", b"c"))).state == state
        assert store.state == state
        assert (await trouble(store.check())).state == state
        assert (await trouble(store.upload("a/b"))).state == state


async def test_the_store_says_how_long_to_wait() -> None:
    headers = {"Retry-After": "7"}
    async with answering(503, "SlowDown", **headers) as settings, opened(settings) as store:
        assert (await trouble(store.put("a/b", b"c"))).retry_after_s == 7


async def test_what_is_wrong_with_the_request_is_refused() -> None:
    async with answering(400, "InvalidArgument") as settings, opened(settings) as store:
        with pytest.raises(SinkRefused, match="InvalidArgument"):
            await store.put("a/b", b"c")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"sse": "AES256"}, {"x-amz-server-side-encryption": "AES256"}),
        (
            {"sse": "aws:kms", "sse_kms_key_id": "alias/bodies"},
            {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": "alias/bodies",
            },
        ),
        ({"session_token": "token-1"}, {"x-amz-security-token": "token-1"}),
    ],
)
async def test_settings_become_headers(changes: dict[str, Any], expected: dict[str, str]) -> None:
    seen: list[dict[str, str]] = []
    uploaded = "<?xml version='1.0'?><R><UploadId>u1</UploadId></R>"

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        seen.append({name.lower(): value for name, value in request.headers.items()})
        text = uploaded if request.method == "POST" else ""
        return web.Response(text=text, content_type="text/xml")

    web_app = web.Application()
    web_app.router.add_route("*", "/{path:.*}", answer)
    async with served(web_app) as url:
        given = S3Settings(endpoint_url=url, access_key_id="a", secret_access_key="b", **changes)
        async with opened(given) as store:
            await store.put("a", b"b")
            await store.upload("a")
    for headers in seen:
        named = {name: value for name, value in headers.items() if name.startswith("x-amz-s")}
        assert named == expected
    assert len(seen) == 2


async def test_a_cancelled_call_leaves_the_store_usable() -> None:
    gate = asyncio.Event()
    arrived = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        arrived.set()
        await gate.wait()
        return web.Response()

    web_app = web.Application()
    web_app.router.add_route("*", "/{path:.*}", answer)
    async with served(web_app) as url:
        given = S3Settings(endpoint_url=url, access_key_id="a", secret_access_key="b")
        async with opened(given) as store:
            putting = asyncio.ensure_future(store.put("k", b"v"))
            await arrived.wait()
            putting.cancel()
            await asyncio.wait([putting])
            assert putting.cancelled()
            gate.set()
            await store.put("k", b"v")
            assert store.state == "ok"


@asynccontextmanager
async def losing(kept: bytes | None) -> AsyncIterator[S3Settings]:
    """An S3 that loses its first answer to the end of an upload; the object is `kept` then."""
    ends: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        if request.method == "PUT":
            return web.Response(headers={"ETag": '"e"'})
        if request.method == "HEAD":
            return web.Response(status=404) if kept is None else web.Response(body=kept)
        if "uploads" in request.query:
            text = "<?xml version='1.0'?><R><UploadId>u1</UploadId></R>"
            return web.Response(text=text, content_type="text/xml")
        ends.append(request.query["uploadId"])
        status, code = (500, "InternalError") if len(ends) == 1 else (404, "NoSuchUpload")
        return web.Response(status=status, text=ERROR.format(code=code), content_type="text/xml")

    web_app = web.Application()
    web_app.router.add_route("*", "/{path:.*}", answer)
    async with served(web_app) as url:
        yield S3Settings(endpoint_url=url, access_key_id="a", secret_access_key="b", timeout_s=5)
    assert len(ends) == 2


async def ended(settings: S3Settings) -> None:
    """An upload of one part, whose end is asked for once by us and twice by the client."""
    async with opened(settings) as store:
        upload = await store.upload("k")
        await upload.part(b"part")
        await upload.finish()


async def test_an_upload_whose_end_went_unheard_is_an_object() -> None:
    async with losing(b"part") as settings:
        await ended(settings)


@pytest.mark.parametrize("kept", [None, b"another"])
async def test_an_upload_that_is_gone_and_no_object_is_refused(kept: bytes | None) -> None:
    async with losing(kept) as settings:
        with pytest.raises(SinkRefused, match="NoSuchUpload"):
            await ended(settings)
