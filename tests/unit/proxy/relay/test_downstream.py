"""Framing; what needs a real server is in tests/e2e/test_relay_passthrough.py."""

import asyncio
from typing import Any

import pytest
from aiohttp import HttpVersion10, HttpVersion11
from aiohttp.test_utils import make_mocked_request

from app.errors import ClientGone, UpstreamProtocolError, UpstreamReset
from proxy.relay.downstream import CLOSED, KEPT, Downstream
from proxy.relay.headers import ResponseHead

OWN = b"tailrace-request-id: id\r\n"


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = ""

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


class Protocol:
    """As much of aiohttp's protocol as a downstream looks at."""

    def __init__(self, transport: Wire) -> None:
        self.transport: Wire | None = transport
        self.writing_paused = False
        self.ssl_context = self.peername = self.sockname = None


class Line:
    """A client's connection on which one response is written."""

    def __init__(self, method: str = "GET", *, old: bool = False, close: bool = False) -> None:
        self.wire = Wire()
        self.protocol = Protocol(self.wire)
        request = make_mocked_request(
            method,
            "/",
            version=HttpVersion10 if old else HttpVersion11,
            protocol=self.protocol,
            transport=self.wire,
            closing=close,
        )
        request.writer.output_size = 0
        self.down = Downstream(request, "id", idle_s=0.01)
        self.request = request


def length(size: int) -> ResponseHead:
    return ResponseHead([(b"Content-Length", b"%d" % size)], content_length=size)


async def test_a_declared_length_is_kept() -> None:
    line = Line()
    await line.down.start(200, b"OK", length(5), b"ab")
    await line.down.write(b"cde")
    await line.down.end()
    assert line.wire.written == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + OWN + b"\r\nabcde"
    assert line.down.result is KEPT
    assert line.request.writer.output_size == len(line.wire.written) - len(b"cde")


async def test_without_a_length_the_body_is_chunked() -> None:
    line = Line()
    await line.down.start(200, b"OK", ResponseHead(), b"ab")
    await line.down.write(b"c")
    await line.down.end()
    head = b"HTTP/1.1 200 OK\r\n" + OWN + b"Transfer-Encoding: chunked\r\n\r\n"
    assert line.wire.written == head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


async def test_without_a_length_an_old_clients_connection_ends_with_the_body() -> None:
    line = Line(old=True)
    await line.down.start(200, b"OK", ResponseHead(), b"ab")
    await line.down.end()
    assert line.wire.written == b"HTTP/1.1 200 OK\r\n" + OWN + b"\r\nab"
    assert line.down.result is CLOSED


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_some_responses_have_no_body(method: str, status: int) -> None:
    line = Line(method)
    await line.down.start(status, b"X", length(5), b"")
    await line.down.write(b"never")
    await line.down.end()
    assert line.wire.written.endswith(OWN + b"\r\n")
    assert line.down.result is KEPT


async def test_fewer_bytes_than_declared() -> None:
    line = Line()
    await line.down.start(200, b"OK", length(5), b"ab")
    with pytest.raises(UpstreamReset, match="3 bytes"):
        await line.down.end()


async def test_more_bytes_than_declared() -> None:
    line = Line()
    await line.down.start(200, b"OK", length(1), b"a")
    with pytest.raises(UpstreamProtocolError):
        await line.down.write(b"b")
    assert line.wire.written.endswith(b"\r\n\r\na")


@pytest.mark.parametrize(
    ("head", "old", "ended"),
    [
        (ResponseHead(), False, "closed"),
        (length(5), False, "closed"),
        (ResponseHead(), True, "aborted"),
    ],
)
async def test_cutting_shows_as_truncation(head: ResponseHead, old: bool, ended: str) -> None:
    line = Line(old=old)
    await line.down.start(200, b"OK", head, b"a")
    line.down.cut()
    assert line.wire.ended == ended
    assert line.down.result is CLOSED


async def test_a_client_that_takes_no_more_is_cut_off_at_once() -> None:
    line = Line()
    await line.down.start(200, b"OK", ResponseHead(), b"a")
    line.down.cut(at_once=True)
    assert line.wire.ended == "aborted"


async def test_a_connection_the_client_wants_closed_is_closed() -> None:
    line = Line(close=True)
    await line.down.start(200, b"OK", length(0), b"")
    assert b"Connection: close\r\n" in line.wire.written
    assert line.down.result is CLOSED


async def test_hanging_up_after_the_response() -> None:
    line = Line()
    line.down.hang_up_after()
    await line.down.start(200, b"OK", length(0), b"")
    assert line.wire.ended == ""
    await line.down.end()
    assert line.wire.ended == "closed"


async def test_a_head_that_would_break_out_is_not_sent() -> None:
    line = Line()
    with pytest.raises(UpstreamProtocolError):
        await line.down.start(200, b"OK\r\nSet-Cookie: x", ResponseHead(), b"")
    assert (line.wire.written, line.down.started) == (b"", False)


async def test_nothing_is_written_to_a_closed_connection() -> None:
    line = Line()
    line.wire.close()
    with pytest.raises(ClientGone):
        await line.down.start(200, b"OK", length(0), b"")
    other = Line()
    await other.down.start(200, b"OK", length(1), b"")
    other.protocol.transport = None
    with pytest.raises(ClientGone):
        await other.down.write(b"a")
    other.down.cut()


async def test_a_client_that_takes_nothing_is_not_waited_for_for_ever() -> None:
    line = Line()
    line.protocol.writing_paused = True

    async def drain() -> None:
        await asyncio.Event().wait()

    line.request.writer.drain = drain  # type: ignore[method-assign]
    with pytest.raises(ClientGone, match="no more"):
        await line.down.start(200, b"OK", length(0), b"")


async def test_100_continue_comes_before_the_head_only() -> None:
    line = Line()
    await line.down.send_continue()
    await line.down.start(200, b"OK", length(0), b"")
    before = line.wire.written
    assert before.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    await line.down.send_continue()
    assert line.wire.written == before


async def test_what_aiohttp_is_handed_writes_nothing_itself() -> None:
    line = Line()
    assert (KEPT.keep_alive, CLOSED.keep_alive) == (True, False)
    await KEPT.prepare(line.request)
    await KEPT.write_eof()
    assert line.wire.written == b""
