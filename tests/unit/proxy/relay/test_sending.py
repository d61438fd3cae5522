"""Who is waited for and how; the ways up themselves are in tests/e2e/test_relay_*.py."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from app.errors import ClientGone, UpstreamRefused
from proxy.relay.downstream import CLOSED, Downstream
from proxy.relay.headers import RequestHead
from proxy.relay.sending import Sender
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from proxy.upstream.protocol import UpstreamRequest
from tests.unit.proxy.relay.test_call import Desk


class Way:
    """A call about to be sent."""

    def __init__(self, **head: Any) -> None:
        protocol = BaseProtocol(asyncio.get_running_loop())
        protocol.connection_made(asyncio.Transport())
        self.reader = aiohttp.StreamReader(protocol, 2**16)
        self.request = make_mocked_request("POST", "/", payload=self.reader)
        self.head = RequestHead()
        for name, value in head.items():
            setattr(self.head, name, value)
        self.call = Desk().open()
        self.down = Downstream(self.request, "id", 20)
        self.outgoing = UpstreamRequest("POST", "http://h", "/", [])

    async def up(self, client: MemoryUpstream, idle_s: float = 20, *, outlives: bool) -> Any:
        sender = Sender(client, idle_s, outlives=outlives)
        return await sender.send(self.request, self.head, self.call, self.down, self.outgoing)


async def echo(received: Received) -> Reply:
    return Reply(chunks=[await received.read()])


async def refuse(received: Received) -> Reply:
    raise UpstreamRefused("no")


async def takes_the_body_and_refuses(received: Received) -> Reply:
    await received.read()
    raise UpstreamRefused("no")


@pytest.mark.parametrize("outlives", [True, False])
async def test_a_body_that_is_there_goes_as_bytes(outlives: bool) -> None:
    way = Way()
    way.reader.feed_data(b"body")
    way.reader.feed_eof()
    response = await way.up(MemoryUpstream(echo), outlives=outlives)
    assert await response.read() == b"body"
    assert way.outgoing.body == b"body"
    assert way.call.request_complete
    assert way.call.sending is None


@pytest.mark.parametrize("head", [{"chunked": True}, {}])
async def test_a_body_that_is_chunked_or_not_there_yet_is_streamed(head: dict[str, bool]) -> None:
    way = Way(**head)
    way.reader.feed_data(b"body")
    if head:
        way.reader.feed_eof()
    else:
        asyncio.get_running_loop().call_soon(way.reader.feed_eof)
    response = await way.up(MemoryUpstream(echo), outlives=False)
    assert await response.read() == b"body"
    assert not isinstance(way.outgoing.body, bytes)
    assert way.call.request_complete


@pytest.mark.parametrize("outlives", [True, False])
async def test_a_refusal_is_raised(outlives: bool) -> None:
    way = Way()
    way.reader.feed_eof()
    with pytest.raises(UpstreamRefused):
        await way.up(MemoryUpstream(refuse), outlives=outlives)


async def test_the_clients_fault_is_told_before_the_upstreams() -> None:
    way = Way(chunked=True)
    way.reader.set_exception(ConnectionResetError())
    with pytest.raises(ClientGone):
        await way.up(MemoryUpstream(takes_the_body_and_refuses), outlives=False)


async def test_a_stalling_client_is_not_waited_for_for_ever() -> None:
    way = Way(chunked=True)
    with pytest.raises(ClientGone):
        await way.up(MemoryUpstream(echo), idle_s=0.01, outlives=False)


async def test_a_client_never_asked_for_its_body_is_hung_up_on() -> None:
    way = Way(expects_continue=True)
    with pytest.raises(UpstreamRefused):
        await way.up(MemoryUpstream(refuse), outlives=False)
    assert way.down.result is CLOSED


async def test_a_call_that_outlives_its_client_goes_on() -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def answer(received: Received) -> Reply:
        asked.set()
        await go_on.wait()
        return Reply(201)

    way = Way()
    way.reader.feed_eof()
    up = asyncio.create_task(way.up(MemoryUpstream(answer), outlives=True))
    await asked.wait()
    up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await up
    go_on.set()
    assert way.call.sending is not None
    settled = await way.call.sending
    assert getattr(settled, "status", None) == 201
