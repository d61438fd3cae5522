"""Connections that end, or go slowly, at any byte: what a client sees is never half an answer."""

import asyncio
from pathlib import Path

import pytest

from tests.support.nginx import nginx
from tests.support.raw_upstream import (
    CHUNKED,
    LAST_CHUNK,
    Connection,
    chunk,
    raw_upstream,
    response,
)
from tests.support.relay import raw_client, standing

ASKED = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
ANSWERS = [response(b'{"a":1}'), CHUNKED + chunk(b"data: 1\n\n") + LAST_CHUNK]


def is_whole(got: bytes) -> bool:
    """Whether these bytes are a complete answer of 200."""
    head, blank, body = got.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"HTTP/1.1 200"):
        return False
    if b"transfer-encoding: chunked" in head.lower():
        return body.endswith(LAST_CHUNK)
    length = next(
        line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    return len(body) >= int(length.split(b":")[1])


async def asked(port: int) -> bytes:
    """All that a client gets of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASKED)
    got = b""
    try:
        async with asyncio.timeout(20):
            while piece := await reader.read(65536):
                got += piece
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return got


@pytest.mark.parametrize("answer", ANSWERS, ids=["length", "chunked"])
async def test_an_answer_that_ends_at_any_byte(answer: bytes, tmp_path: Path) -> None:
    """Before its end it is never whole, neither to us nor to nginx; at its end it is to both."""
    cut = 0

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.read_body()
        await connection.send(answer[:cut])

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        nginx(tmp_path, f"127.0.0.1:{upstream.port}") as nginx_port,
    ):
        for cut in range(len(answer) + 1):
            ours, theirs = await asked(stand.port), await asked(nginx_port)
            assert is_whole(ours) == (cut == len(answer)), (cut, ours)
            assert is_whole(ours) == is_whole(theirs), (cut, ours, theirs)
        records = await stand.sink.records(len(answer) + 1)
    assert [record.outcome for record in records].count("completed") == 1
    assert records[-1].outcome == "completed"


async def test_a_request_that_comes_byte_by_byte() -> None:
    """It is read as if it came at once."""
    heads = []

    async def serve(connection: Connection) -> None:
        heads.append(await connection.read_head())
        await connection.send(response(await connection.read_body()))

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin) as stand,
        raw_client(stand) as client,
    ):
        for place in range(len(ASKED)):
            await client.send(ASKED[place : place + 1])
            await asyncio.sleep(0)
        assert (await client.rest()).endswith(b"\r\n\r\n{}")
    assert heads[0].startswith(b"POST /v1/x HTTP/1.1\r\n")


async def test_a_head_that_never_ends_is_not_waited_for() -> None:
    """The connection is closed once it has said nothing whole for as long as one may be idle."""

    async def serve(connection: Connection) -> None:
        raise AssertionError("asked for nothing")

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, runner={"keepalive_timeout": 0.3}) as stand,
        raw_client(stand) as client,
    ):
        await client.send(ASKED[:40])
        async with asyncio.timeout(20):
            assert await client.rest() == b""
        assert not upstream.connections
