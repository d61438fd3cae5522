"""Requests that parsers disagree about (RFC 9112 §11.2): one reading of them, or none.

The same bytes go to the relay and to nginx, each in front of an upstream that notes what it is
asked. What is inside of a body never becomes a request, and what nginx refuses is refused.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.nginx import nginx
from tests.support.raw_upstream import Connection, raw_upstream, response
from tests.support.relay import standing

SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: x\r\nX: "
AFTER = b"GET /v1/after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
QUIET_S = 0.4
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


def post(*fields: bytes, body: bytes = b"") -> bytes:
    """A request of these lines, each with whatever ends it."""
    return b"POST /v1/x HTTP/1.1\r\nHost: x\r\n" + b"".join(fields) + b"\r\n" + body


def length(number: int) -> bytes:
    """A Content-Length."""
    return b"Content-Length: %d\r\n" % number


AMBIGUOUS = {
    "cl.te": post(length(len(SMUGGLED) + 5), CHUNKED, body=b"0\r\n\r\n" + SMUGGLED),
    "te.cl": post(CHUNKED, length(4), body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
    "two lengths": post(length(0), length(len(SMUGGLED)), body=SMUGGLED),
    "a length twice": post(length(len(SMUGGLED)), length(len(SMUGGLED)), body=SMUGGLED),
    "a list of lengths": post(b"Content-Length: 0, %d\r\n" % len(SMUGGLED), body=SMUGGLED),
    "a length with a sign": post(b"Content-Length: +0\r\n", body=SMUGGLED),
    "a negative length": post(b"Content-Length: -1\r\n", body=SMUGGLED),
    "a length in hex": post(b"Content-Length: 0x2d\r\n", body=SMUGGLED),
    "a length that overflows": post(b"Content-Length: 18446744073709551616\r\n", body=SMUGGLED),
    "a length of two words": post(b"Content-Length: 0 45\r\n", body=SMUGGLED),
    "an unknown coding": post(b"Transfer-Encoding: xchunked\r\n", body=SMUGGLED),
    "chunked is not last": post(b"Transfer-Encoding: chunked, gzip\r\n", body=b"0\r\n\r\n"),
    "identity": post(b"Transfer-Encoding: identity\r\n", length(0), body=SMUGGLED),
    "a space before the colon": post(b"Transfer-Encoding : chunked\r\n", body=b"0\r\n\r\n"),
    "a control character in the coding": post(b"Transfer-Encoding: \x0bchunked\r\n", length(0)),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", length(0), body=SMUGGLED),
    "a folded field": post(b"X: a\r\n b\r\n", length(0)),
    "a fold before the first field": b"POST /v1/x HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n",
    "a carriage return alone": post(b"X: a\rTransfer-Encoding: chunked\r\n", length(0)),
    "a zero byte": post(b"X: a\0b\r\n", length(0)),
    "a field without a colon": post(b"nothing\r\n", length(0)),
    "a field without a name": post(b": x\r\n", length(0)),
    "a name with a space": post(b"X Y: z\r\n", length(0)),
    "a chunk's size that overflows": post(
        CHUNKED, body=b"10000000000000000\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"
    ),
    "a chunk's size with a sign": post(CHUNKED, body=b"+1\r\nx\r\n0\r\n\r\n"),
    "a negative chunk": post(CHUNKED, body=b"-1\r\nx\r\n0\r\n\r\n"),
    "a chunk's size as 0x1": post(CHUNKED, body=b"0x1\r\nx\r\n0\r\n\r\n"),
    "a chunk's size and a line feed": post(CHUNKED, body=b"1\nx\r\n0\r\n\r\n"),
    "an extension and a line feed": post(CHUNKED, body=b"1;a\nx\r\n0\r\n\r\n"),
    "a chunk longer than it says": post(CHUNKED, body=b"1\r\nxyz\r\n0\r\n\r\n"),
    "no size": post(CHUNKED, body=b"\r\n\r\n"),
    "two hosts": b"GET /v1/x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "a version to come": b"GET /v1/x HTTP/2.0\r\nHost: x\r\n\r\n",
    "a version that is none": b"GET /v1/x HTTP/1.\r\nHost: x\r\n\r\n",
    "no version": b"GET /v1/x\r\n",
    "a method with a space": b"GE T /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "line feeds alone": b"POST /v1/x HTTP/1.1\nHost: x\nContent-Length: 0\n\n",
}


@dataclass
class Front:
    """A relay and the upstream behind it."""

    port: int
    asked: list[bytes]

    async def ask(self, data: bytes, cut: int = 0) -> tuple[list[int], list[bytes]]:
        """The statuses of all answers to these bytes, and the request lines that went up."""
        self.asked.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        got = b""
        try:
            if cut:
                writer.write(data[:cut])
                await asyncio.sleep(0.02)
            writer.write(data[cut:])
            await writer.drain()
            while piece := await asyncio.wait_for(reader.read(65536), QUIET_S):
                got += piece
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.transport.abort()
        return [int(status) for status in STATUS.findall(got)], list(self.asked)


@pytest.fixture
async def fronts(tmp_path: Path) -> AsyncIterator[dict[str, Front]]:
    """The relay and nginx."""
    asked: dict[str, list[bytes]] = {"relay": [], "nginx": []}

    def noting(name: str) -> Callable[[Connection], Awaitable[None]]:
        async def serve(connection: Connection) -> None:
            while True:
                head = await connection.read_head()
                asked[name].append(head.split(b"\r\n")[0])
                await connection.read_body()
                await connection.send(response(b"ok"))

        return serve

    async with (
        raw_upstream(noting("relay")) as behind_relay,
        raw_upstream(noting("nginx")) as behind_nginx,
        standing(behind_relay.origin) as stand,
        nginx(tmp_path, f"127.0.0.1:{behind_nginx.port}") as nginx_port,
    ):
        yield {
            "relay": Front(stand.port, asked["relay"]),
            "nginx": Front(nginx_port, asked["nginx"]),
        }


@pytest.mark.parametrize("name", AMBIGUOUS)
async def test_what_can_be_read_in_two_ways_is_refused(fronts: dict[str, Front], name: str) -> None:
    """Nothing of it goes up, the connection ends; nginx lets pass more, never less."""
    statuses, asked = await fronts["relay"].ask(AMBIGUOUS[name] + AFTER)
    assert (statuses, asked) == ([400], [])
    _, asked_nginx = await fronts["nginx"].ask(AMBIGUOUS[name] + AFTER)
    assert not any(b"smuggled" in line for line in asked_nginx)


@pytest.mark.parametrize("cut", range(1, len(AMBIGUOUS["cl.te"]), 7))
async def test_it_is_refused_in_whatever_pieces_it_comes(
    fronts: dict[str, Front], cut: int
) -> None:
    """No reading of ours depends on where a packet ends."""
    statuses, asked = await fronts["relay"].ask(AMBIGUOUS["cl.te"], cut)
    assert (statuses, asked) == ([400], [])


@pytest.mark.parametrize(
    "plain",
    [
        post(length(len(SMUGGLED)), body=SMUGGLED),
        post(CHUNKED, body=b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
        post(CHUNKED, body=b"0\r\nX: trailing\r\n\r\n"),
        post(length(0)),
        b"GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HEAD /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_sound_is_read_as_nginx_reads_it(
    fronts: dict[str, Front], plain: bytes
) -> None:
    """Requests one behind the other, each answered in its turn."""
    asked = [each[1] for each in [await front.ask(plain * 3 + AFTER) for front in fronts.values()]]
    assert asked[0] == asked[1]
    assert len(asked[0]) == 4
    statuses, _ = await fronts["relay"].ask(plain * 3 + AFTER)
    assert statuses == [200] * 4


async def test_an_upgrade_is_not_passed_on(fronts: dict[str, Front]) -> None:
    """It is answered as the plain request that it is as well; nothing behind it is read."""
    asking = b"GET /v1/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    statuses, asked = await fronts["relay"].ask(asking + SMUGGLED)
    assert (statuses, asked) == ([200], [b"GET /v1/x HTTP/1.1"])
