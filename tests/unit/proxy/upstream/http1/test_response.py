"""The response of one exchange: its head, its body, its end, told once."""

import asyncio

import pytest

from app.errors import UpstreamReset, UpstreamTimeout
from proxy.upstream.http1.connection import Connection
from proxy.upstream.http1.response import Http1Response
from tests.support.transports import ListTransport


class Exchange:
    """A response on a connection that is fed by hand."""

    def __init__(self) -> None:
        self.connection = Connection()
        self.connection.connection_made(ListTransport())
        self.ends: list[bool] = []
        self.response = Http1Response(self.connection, lambda _, again: self.ends.append(again))
        self.connection.begin(self.response.news, is_head=False)

    def feed(self, data: bytes) -> None:
        self.connection.data_received(data)


async def test_from_the_head_to_the_end() -> None:
    exchange = Exchange()
    response = exchange.response
    heading = asyncio.create_task(response.head())
    await asyncio.sleep(0)
    exchange.feed(b"HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nX: y\r\n\r\n")
    await heading
    assert (response.status, response.reason) == (200, b"Fine")
    assert response.headers == [(b"Content-Length", b"3"), (b"X", b"y")]
    assert response.read_nowait() == b""
    reading = asyncio.create_task(response.read())
    await asyncio.sleep(0)
    exchange.feed(b"ab")
    assert await reading == b"ab"
    exchange.feed(b"c")
    assert [await response.read() for _ in range(3)] == [b"c", b"", b""]
    response.abort()
    assert exchange.ends == [True]


async def test_given_up() -> None:
    exchange = Exchange()
    exchange.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
    await exchange.response.head()
    exchange.response.abort()
    exchange.response.abort()
    with pytest.raises(UpstreamReset):
        await exchange.response.read()
    assert (exchange.ends, exchange.connection.ended) == ([False], True)


async def test_a_wait_for_more_is_bounded() -> None:
    exchange = Exchange()
    exchange.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
    await exchange.response.head()
    exchange.response.watch(0.02)
    assert await exchange.response.read() == b"a"
    with pytest.raises(UpstreamTimeout):
        await exchange.response.read()
    assert exchange.ends == [False]


async def test_only_a_wait_is_bounded() -> None:
    """A pause of whoever listened is no wait; the wait after it is one again."""
    exchange = Exchange()
    response = exchange.response
    response.listen(lambda: None)
    exchange.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
    assert response.is_headed()
    response.watch(0.02)
    response.expect_more()
    response.listen(None)
    exchange.feed(b"a")
    await asyncio.sleep(0.1)
    assert not await response.pass_to(lambda _: False)
    with pytest.raises(UpstreamTimeout):
        await response.pass_to(lambda _: True)


async def test_one_that_is_over_leaves_the_next_ones_wait_alone() -> None:
    exchange = Exchange()
    exchange.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert exchange.response.is_headed()
    assert exchange.response.read_nowait() == b""
    following = Http1Response(exchange.connection, lambda _, again: exchange.ends.append(again))
    exchange.connection.begin(following.news, is_head=False)
    following.expect_head(0.02)
    exchange.response.listen(None)
    with pytest.raises(UpstreamTimeout):
        await following.head()
    assert exchange.ends == [True, False]


async def test_the_first_reason_counts() -> None:
    exchange = Exchange()
    first = UpstreamReset("first")
    assert exchange.response.fail(first) is first
    assert exchange.response.fail(UpstreamReset("second")) is first
    with pytest.raises(UpstreamReset, match="first"):
        await exchange.response.head()


async def test_a_head_that_came_in_time_is_not_waited_for_any_more() -> None:
    """Also where nobody reads on: the time between chunks begins with the wait for one."""
    exchange = Exchange()
    exchange.response.expect_head(0.02)
    heading = asyncio.create_task(exchange.response.head())
    await asyncio.sleep(0)
    exchange.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
    await heading
    exchange.response.watch(0.02)
    await asyncio.sleep(0.1)
    assert await exchange.response.read() == b"a"


async def test_the_wait_for_the_head_is_bounded() -> None:
    exchange = Exchange()
    exchange.response.expect_head(0.02)
    with pytest.raises(UpstreamTimeout):
        await exchange.response.head()
    assert (exchange.ends, exchange.connection.ended) == ([False], True)
