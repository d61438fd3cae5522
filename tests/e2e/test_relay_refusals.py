"""Calls that are refused, and faults of our own, that no client may feel."""

import asyncio
from collections.abc import Sequence

import pytest

from app.errors import UpstreamReset
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from tests.support.plain_capture import PlainCapture
from tests.support.raw_upstream import (
    CHUNKED,
    Connection,
    chunk,
    raw_upstream,
    response,
)
from tests.support.relay import raw_client, standing

GET = b"GET /up/x HTTP/1.1\r\nHost: relay\r\n\r\n"
FINE = response(b'{"fine": true}', b"Content-Type: application/json")


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (b"Tailrace-User-Id: " + b"x" * 257, b"user_too_long"),
        (b"Helicone-User-Id: UTF-8''a%00b", b"invalid_header"),
        (b"Tailrace-Omit-Request: maybe", b"invalid_header"),
        (b"Tailrace-Session-Id: " + b"x" * 300, b"invalid_header"),
    ],
)
async def test_a_bad_header_value_is_refused_before_the_upstream_hears_of_it(
    field: bytes, code: bytes
) -> None:
    received: list[Received] = []
    client = MemoryUpstream(lambda _: asyncio.sleep(0, Reply()))
    client.received = received
    async with standing(client=client) as stand, raw_client(stand) as raw:
        await raw.send(
            b"POST /up/x HTTP/1.1\r\nHost: r\r\n" + field + b"\r\nContent-Length: 0\r\n\r\n"
        )
        head = await raw.head()
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"tailrace-error: " + code in head
        record = await stand.sink.record()
    assert (record.outcome, record.user, record.status) == ("refused", "anonymous", None)
    assert received == []


async def test_an_unknown_upstream_is_not_found_and_counted() -> None:
    async with standing() as stand:
        async with stand.session.post(f"{stand.url}/nope/v1/x", data=b"{}") as got:
            error = (await got.json())["error"]
            assert (got.status, error["code"]) == (404, "unknown_upstream")
            assert "anthropic, gemini, mock, openai, up" in error["message"]
        assert stand.sink.finished == []
        assert stand.count("unrelayed_total", reason="unknown_upstream") == 1


@pytest.mark.parametrize(
    "path", ["/api/v1/users", "/metrics/x", "/health/live", "/internal/x", "/static/x", "/"]
)
async def test_paths_of_ours_are_left_alone(path: str) -> None:
    async with standing() as stand:
        async with stand.session.get(stand.url + path) as got:
            assert (got.status, await got.text()) == (404, "404: Not Found")
        assert stand.sink.finished == []


async def test_a_path_that_is_no_url_is_refused() -> None:
    async with standing() as stand, raw_client(stand) as client:
        await client.send(b"GET /up/caf\xe9 HTTP/1.1\r\nHost: relay\r\n\r\n")
        assert b" 400 " in (await client.head()).split(b"\r\n")[0]


async def test_headers_end_up_in_the_record() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {
        "Tailrace-User-Id": "alice",
        "Helicone-Session-Id": "s1",
        "Tailrace-Session-Name": "Trip",
        "Tailrace-Session-Path": "/a/b",
        "Tailrace-Property-Team": "red",
        "Tailrace-Request-Id": "mine",
        "traceparent": trace,
        "x-stainless-retry-count": "2",
    }
    async with standing() as stand:
        async with stand.session.get(f"{stand.url}/mock/v1/models", headers=headers) as got:
            assert got.headers["tailrace-request-id"] != "mine"
        record = await stand.sink.record()
    assert record.user == "alice"
    assert (record.session_id, record.session_name, record.session_path) == ("s1", "Trip", "/a/b")
    assert record.properties == {"team": "red"}
    assert record.client_request_id == "mine"
    assert record.traceparent == trace
    assert record.client_retry_count == 2


class EndedCapture(PlainCapture):
    """A capture that knows the end mark `[DONE]`."""

    def feed_response(self, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        super().feed_response(chunks, times_s)
        self.ended = b"[DONE]" in chunks[-1]


@pytest.mark.parametrize("mode", ["abort", "drain"])
async def test_leaving_after_the_end_mark_is_no_abort(mode: str) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: [DONE]\n\n"))
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, new_capture=EndedCapture, on_client_abort=mode) as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.reader.readuntil(b"[DONE]")
        assert (await stand.sink.record()).outcome == "completed"
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)


async def test_a_secret_in_the_query_is_not_recorded() -> None:
    client = MemoryUpstream(lambda _: asyncio.sleep(0, Reply()))
    async with standing(client=client) as stand:
        async with stand.session.get(f"{stand.url}/up/x?key=AIzaSecret&alt=sse") as got:
            assert got.status == 200
        record = await stand.sink.record()
    assert "AIzaSecret" not in record.model_dump_json()
    assert client.received[0].request.target == "/x?key=AIzaSecret&alt=sse"


async def test_a_broken_sink_is_not_felt_and_counted() -> None:
    async with standing() as stand:

        def offer(finished: object) -> None:
            raise UpstreamReset("not even this")

        stand.sink.offer = offer  # type: ignore[method-assign]
        async with stand.session.get(f"{stand.url}/mock/v1/models") as got:
            assert got.status == 200
            await got.read()
        assert stand.count("capture_failures_total", stage="finish") == 1


class BreakingCapture(PlainCapture):
    """A capture whose feeding fails."""

    def feed_response(self, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        raise ZeroDivisionError


async def test_a_broken_capture_is_not_felt_and_still_gives_a_record() -> None:
    async with standing(new_capture=BreakingCapture) as stand:
        body = {"model": "m", "messages": []}
        async with stand.session.post(f"{stand.url}/mock/v1/chat/completions", json=body) as got:
            assert got.status == 200
            assert await got.read()
        record = await stand.sink.record()
        assert (record.outcome, record.status) == ("completed", 200)
        assert stand.count("capture_failures_total", stage="capture") == 1
