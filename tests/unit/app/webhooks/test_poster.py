"""One POST to real sockets: whatever happens is a reply."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from app.clock import SystemClock
from app.webhooks.addresses import AddressPolicy
from app.webhooks.poster import Poster, UrlRefused
from tests.support.answering import saying
from tests.support.hooks import Receiver, receiving

LOCAL = AddressPolicy(allow_private=True)


@asynccontextmanager
async def posting(policy: AddressPolicy = LOCAL, **options: Any) -> AsyncIterator[Poster]:
    given: dict[str, Any] = {"timeout_s": 5, "allow_http": True} | options
    poster = Poster(policy, SystemClock(), **given)
    try:
        yield poster
    finally:
        await poster.close()
        await poster.close()


async def test_what_arrives_is_what_was_sent() -> None:
    async with receiving() as receiver, posting() as poster:
        reply = await poster.post(receiver.url, b'{"a":1}', {"webhook-id": "msg_1"})
        assert (reply.meaning, reply.status, reply.error) == ("delivered", 204, None)
        (call,) = receiver.calls
        assert call.body == b'{"a":1}'
        assert call.headers["webhook-id"] == "msg_1"
        assert call.headers["content-type"] == "application/json"
        assert call.headers["user-agent"].startswith("Tailrace")
        assert "cookie" not in call.headers


async def test_a_redirect_is_not_followed_and_cookies_are_not_kept() -> None:
    async with receiving() as inner, posting() as poster:
        answer = Receiver.always(302, Location=inner.url, **{"Set-Cookie": "a=b"})
        async with receiving(answer) as outer:
            for _ in range(2):
                assert (await poster.post(outer.url, b"{}", {})).meaning == "failed"
            assert inner.calls == []
            assert "cookie" not in outer.calls[1].headers


async def test_retry_after_is_told_with_the_status() -> None:
    async with (
        receiving(Receiver.always(429, **{"Retry-After": "30"})) as busy,
        posting() as poster,
    ):
        reply = await poster.post(busy.url, b"{}", {})
        assert (reply.meaning, reply.retry_after_s) == ("overloaded", 30.0)


async def test_an_endless_or_cut_answer_counts_by_its_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.webhooks.poster.ANSWER_PATIENCE_S", 0.1)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    async with posting() as poster:
        for hangs in (True, False):
            async with saying(head + b"x" * 10, hangs=hangs) as url:
                assert (await poster.post(url, b"{}", {})).meaning == "delivered"
        async with saying(head + b"x" * 999_999, hangs=True) as url:
            assert (await poster.post(url, b"{}", {})).meaning == "delivered"


async def test_no_answer_in_time_is_a_failure() -> None:
    async with receiving() as receiver, posting(timeout_s=0.2) as poster:
        receiver.answer = receiver.hang
        reply = await poster.post(receiver.url, b"{}", {})
        assert reply.meaning == "failed"
        assert reply.error is not None
        assert "no answer in 0.2 s" in reply.error


async def test_a_head_that_came_in_time_counts_whatever_the_body_does_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.webhooks.poster.ANSWER_PATIENCE_S", 0.5)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"thanks")
        await receiver.is_closing.wait()
        return response

    async with receiving(answer) as receiver, posting(timeout_s=0.3) as poster:
        reply = await poster.post(receiver.url, b"{}", {})
        assert (reply.meaning, reply.error) == ("delivered", None)
        assert reply.took_ms >= 500


@pytest.mark.parametrize("raw", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200"])
async def test_what_is_no_http_is_a_failure(raw: bytes) -> None:
    async with saying(raw) as url, posting() as poster:
        reply = await poster.post(url, b"{}", {})
        assert (reply.meaning, reply.status) == ("failed", None)
        assert reply.error


async def test_nobody_there() -> None:
    async with posting() as poster:
        reply = await poster.post("http://127.0.0.1:1/", b"{}", {})
        assert reply.meaning == "failed"
        assert "cannot connect" in (reply.error or "")


async def test_an_address_that_is_refused_is_told_and_not_called() -> None:
    async with receiving() as receiver, posting(AddressPolicy()) as poster:
        for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
            reply = await poster.post(url, b"{}", {})
            assert reply.meaning == "failed"
            assert "loopback" in (reply.error or "")
        assert receiver.calls == []


async def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    context = ssl.create_default_context()
    async with receiving() as receiver, posting(new_ssl=lambda: context) as poster:
        reply = await poster.post(receiver.url.replace("http:", "https:"), b"{}", {})
        assert reply.meaning == "failed"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "http://hooks.example/",
        "https://",
        "https://user:password@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example/a b",
        "https://h\u00f6oks.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://169.254.169.254/latest",
    ],
)
async def test_urls_that_are_refused_when_they_are_saved(url: str) -> None:
    async with posting(AddressPolicy(), allow_http=False) as poster:
        with pytest.raises(UrlRefused):
            poster.check_url(url)
        assert (await poster.post(url, b"{}", {})).meaning == "failed"


async def test_a_name_that_leads_inside_is_refused_when_it_is_saved() -> None:
    async with posting(AddressPolicy(), allow_http=False) as poster:
        with pytest.raises(UrlRefused, match="loopback"):
            await poster.check("https://localhost/hook")


async def test_a_cancelled_post_is_cancelled() -> None:
    async with receiving() as receiver, posting() as poster:
        receiver.answer = receiver.hang
        task = asyncio.ensure_future(poster.post(receiver.url, b"{}", {}))
        while not receiver.calls:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_connection_is_used_again() -> None:
    seen = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        seen.add(request.transport.get_extra_info("peername"))
        return web.Response(text="thanks")

    async with receiving(answer) as receiver, posting() as poster:
        for _ in range(5):
            assert (await poster.post(receiver.url, b"{}", {})).meaning == "delivered"
    assert len(seen) == 1
