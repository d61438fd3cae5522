"""What passes through the relay, byte for byte, both ways."""

import gzip

import pytest

from tests.support.raw_upstream import (
    Connection,
    raw_upstream,
    response,
)
from tests.support.relay import raw_client, standing

FINE = response(b'{"fine": true}', b"Content-Type: application/json")


async def answer_fine(connection: Connection) -> None:
    while True:
        await connection.read_head()
        await connection.read_body()
        await connection.send(FINE)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
async def test_any_method(method: str) -> None:
    async with raw_upstream(answer_fine) as upstream, standing(upstream.origin) as stand:
        async with stand.session.request(method, f"{stand.url}/up/x") as got:
            assert (got.status, await got.read()) == (200, b'{"fine": true}')
        record = await stand.sink.record()
    assert upstream.connections[0].head.startswith(f"{method} /x HTTP/1.1\r\n".encode())
    assert (record.method, record.outcome, record.status) == (method, "completed", 200)
    assert record.request_id == got.headers["tailrace-request-id"]


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        (b"/up/v1/a%2Fb//c?x=%7e&y=a+b&&z", b"/v1/a%2Fb//c?x=%7e&y=a+b&&z"),
        (b"/up/", b"/"),
        (b"/up/../a/./b", b"/../a/./b"),
        (b"/u%70/x", b"/x"),
        (b"/v1/models?key=1", b"/v1/models?key=1"),
        (b"http://relay/up/absolute?q", b"/absolute?q"),
    ],
)
async def test_the_target_is_not_touched(sent: bytes, arrives: bytes) -> None:
    async with (
        raw_upstream(answer_fine) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"GET %b HTTP/1.1\r\nHost: relay\r\n\r\n" % sent)
        assert b" 200 OK\r\n" in await client.head()
    assert upstream.connections[0].head.split(b" ")[1] == arrives


async def test_the_base_path_comes_before_the_target() -> None:
    async with (
        raw_upstream(answer_fine) as upstream,
        standing(f"http://me:secret@127.0.0.1:{upstream.port}/base/") as stand,
    ):
        async with stand.session.get(f"{stand.url}/up/x") as got:
            assert got.status == 200
        record = await stand.sink.record()
    head = upstream.connections[0].head
    assert head.startswith(b"GET /base/x HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Basic bWU6c2VjcmV0\r\n" in head
    assert "secret" not in record.model_dump_json()


async def test_request_headers() -> None:
    fields = (
        b"X-B: 1\r\nauthorization: Bearer sk-secret\r\nX-Mixed: caf\xc3\xa9\r\nX-B: 2\r\n"
        b"User-Agent: probe\r\nAccept-Encoding: br\r\nTraceparent: not one\r\n"
    )
    left = (
        b"Tailrace-User-Id: alice\r\nHelicone-Auth: Bearer x\r\nConnection: X-Hop, keep-alive\r\n"
        b"X-Hop: 1\r\nTE: trailers\r\nProxy-Authorization: x\r\nUpgrade: websocket\r\n"
    )
    async with (
        raw_upstream(answer_fine) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"GET /up/x HTTP/1.1\r\nHost: relay\r\n" + left + fields + b"\r\n")
        await client.head()
        record = await stand.sink.record()
    host = b"Host: 127.0.0.1:%d\r\n" % upstream.port
    assert upstream.connections[0].head == b"GET /x HTTP/1.1\r\n" + host + fields + b"\r\n"
    assert record.user == "alice"
    assert "secret" not in record.model_dump_json()


async def test_response_head() -> None:
    fields = (
        b"X-Two: 1\r\nset-cookie: a=1\r\nx-two: 2\r\nSet-Cookie: b=2\r\nX-Latin: caf\xe9\r\n"
        b"x-request-id: req_1\r\nRetry-After: 3\r\nContent-Length: 2\r\n"
    )
    left = b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(b"HTTP/1.1 429 Slow Down\r\n" + left + fields + b"\r\n{}")
        await connection.until_closed()

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        await client.send(b"GET /up/x HTTP/1.1\r\nHost: relay\r\n\r\n")
        own = b"tailrace-request-id: 00000000-0000-7000-8000-000000000000\r\n"
        assert await client.head() == b"HTTP/1.1 429 Slow Down\r\n" + fields + own + b"\r\n"
        assert await client.reader.readexactly(2) == b"{}"
        record = await stand.sink.record()
    assert (record.status, record.outcome) == (429, "completed")
    assert record.provider_request_id == "req_1"


async def test_a_coded_body_stays_coded_both_ways() -> None:
    coded = gzip.compress(b'{"usage": null}' * 50)
    seen: list[bytes] = []

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        seen.append(await connection.read_body())
        await connection.send(response(coded, b"Content-Encoding: gzip"))

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        headers = {"Content-Encoding": "gzip"}
        async with stand.session.post(f"{stand.url}/up/x", data=coded, headers=headers) as got:
            assert await got.read() == coded
            assert got.headers["Content-Encoding"] == "gzip"
    assert seen == [coded]


@pytest.mark.parametrize(
    ("method", "head"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n"),
    ],
)
async def test_answers_without_a_body(method: bytes, head: bytes) -> None:
    async def serve(connection: Connection) -> None:
        while True:
            await connection.read_head()
            await connection.send(head)

    request = b"%b /up/x HTTP/1.1\r\nHost: relay\r\n\r\n" % method
    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        # The second answer directly after the first shows that no body was sent.
        for _ in range(2):
            await client.send(request)
            got = await client.head()
            assert got.startswith(head[:12])
            assert (b"Content-Length: 5" in got) == (b"Content-Length: 5" in head)
            assert b"Transfer-Encoding" not in got
        records = await stand.sink.records(2)
    assert {each.outcome for each in records} == {"completed"}
    assert {each.response_bytes for each in records} == {0}


async def test_an_empty_answer_keeps_its_length() -> None:
    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.send(response(b""))

    async with raw_upstream(serve) as upstream, standing(upstream.origin) as stand:
        async with stand.session.get(f"{stand.url}/up/x") as got:
            assert got.headers["Content-Length"] == "0"
        assert (await stand.sink.record()).outcome == "completed"
