"""Clients that leave, stall, lie or ask for what cannot be: one record of each."""

import asyncio

import pytest

from app.errors import UpstreamReset
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from tests.support.plain_capture import PlainCapture
from tests.support.raw_upstream import (
    CHUNKED,
    LAST_CHUNK,
    Connection,
    chunk,
    raw_upstream,
    response,
)
from tests.support.relay import raw_client, standing

GET = b"GET /up/x HTTP/1.1\r\nHost: relay\r\n\r\n"
FINE = response(b'{"fine": true}', b"Content-Type: application/json")


async def test_leaving_in_a_stream_aborts_the_upstream() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await connection.until_closed()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
            await client.reader.readuntil(b"data: 1\n\n\r\n")
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.response_bytes) == ("client_abort", 200, 9)


@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_leaving_before_the_answer_aborts_the_upstream(body: bytes) -> None:
    asked = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.read_body()
        asked.set()
        await connection.until_closed()

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with raw_client(stand) as client:
            length = b"Content-Length: %d" % len(body)
            await client.send(
                b"POST /up/x HTTP/1.1\r\nHost: relay\r\n" + length + b"\r\n\r\n" + body
            )
            await asked.wait()
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        record = await stand.sink.record()
    assert (record.outcome, record.status) == ("client_abort", None)


async def test_half_closing_is_leaving() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(GET)
        await client.head()
        client.writer.write_eof()
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        assert (await stand.sink.record()).outcome == "client_abort"


async def test_the_upstream_is_read_on_where_that_is_set() -> None:
    left = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await left.wait()
        await connection.send(chunk(b"data: 2\n\n") + LAST_CHUNK)

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort="drain") as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
            await client.reader.readuntil(b"data: 1\n\n\r\n")
        left.set()
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.response_bytes) == ("client_abort", 200, 18)


async def test_reading_on_begins_even_before_the_answer() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def answer(received: Received) -> Reply:
        asked.set()
        await left.wait()
        return Reply(200, chunks=[b"all", b"of it"])

    async with standing(client=MemoryUpstream(answer), on_client_abort="drain") as stand:
        async with raw_client(stand) as client:
            await client.send(GET)
            await asked.wait()
        await asyncio.sleep(0.05)
        left.set()
        record = await stand.sink.record()
    assert (record.outcome, record.status, record.response_bytes) == ("client_abort", 200, 8)


async def test_reading_on_is_given_up_when_the_upstream_breaks() -> None:
    left = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await left.wait()
        connection.reset()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort="drain") as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
        left.set()
        record = await stand.sink.record()
    assert record.outcome == "client_abort"
    assert record.error is not None
    assert "ended early" in record.error


async def test_stopping_does_not_wait_for_ever_for_what_is_read_on() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort="drain") as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(GET)
            await client.head()
        await asyncio.sleep(0.05)
        assert stand.sink.finished == []
        await stand.relay.close(0.01)
        assert (await stand.sink.record()).outcome == "client_abort"


@pytest.mark.parametrize("mode", ["abort", "drain"])
async def test_a_body_that_ends_early(mode: str) -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, on_client_abort=mode) as stand,
    ):
        async with raw_client(stand) as client:
            await client.send(
                b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\n\r\nhalf"
            )
            while not upstream.connections:
                await asyncio.sleep(0.01)
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)
        record = await stand.sink.record()
    assert (record.outcome, record.request_bytes) == ("client_abort", 4)


async def test_a_client_that_stops_sending_is_told_so() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.1) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\n\r\nhalf")
        assert (await client.head()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert (await stand.sink.record()).outcome == "client_abort"
        await asyncio.wait_for(upstream.connections[0].closed.wait(), 20)


async def test_a_client_that_stops_reading_is_cut_off() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(CHUNKED)
        while True:
            await connection.send(chunk(b"x" * (64 << 10)))

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.3) as stand,
        raw_client(stand) as client,
    ):
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(GET)
        assert (await stand.sink.record()).outcome == "client_abort"
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises(ConnectionError):
            await client.rest()


async def test_broken_chunks_from_the_client_are_a_client_that_stops() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.until_closed()

    head = b"POST /up/x HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, idle_timeout_s=0.2) as stand,
        raw_client(stand) as client,
    ):
        await client.send(head + b"4\r\nhalf\r\n")
        while not upstream.connections:
            await asyncio.sleep(0.01)
        await client.send(b"not a size\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        record = await stand.sink.record()
    assert (record.outcome, record.request_bytes) == ("client_abort", 4)


async def test_an_answer_that_comes_before_the_body_was_sent() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(
            response(b"too large", b"Connection: close", status=b"413 Content Too Large")
        )
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        head = b"POST /up/x HTTP/1.1\r\nHost: relay\r\nContent-Length: 1000000\r\n\r\n"
        await client.send(head + b"x" * 1000)
        assert (await client.head()).startswith(b"HTTP/1.1 413 Content Too Large\r\n")
        assert await client.reader.readexactly(9) == b"too large"
        record = await stand.sink.record()
    assert (record.outcome, record.status) == ("completed", 413)


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

    def feed_response(self, chunk: bytes, at_s: float) -> None:
        super().feed_response(chunk, at_s)
        self.ended = b"[DONE]" in chunk


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

    def feed_response(self, chunk: bytes, at_s: float) -> None:
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
