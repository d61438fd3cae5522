import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import UpstreamError, UpstreamReset
from app.tasks import spawn
from proxy.relay.drain import Drains
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from proxy.upstream.protocol import UpstreamRequest, UpstreamResponse
from tests.unit.proxy.relay.test_call import Desk

REQUEST = UpstreamRequest("GET", "http://h", "/", [])


async def response(*chunks: bytes, then: UpstreamError | None = None) -> UpstreamResponse:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        if then is not None:
            raise then

    async def answer(received: Received) -> Reply:
        return Reply(200, [(b"x-request-id", b"r")], body())

    return await MemoryUpstream(answer).send(REQUEST)


async def test_a_response_is_read_to_its_end() -> None:
    desk, drains = Desk(), Drains()
    drains.take(desk.open(), await response(b"12", b"34"))
    assert len(drains) == 1
    record = await desk.sink.record()
    assert (record.outcome, record.response_bytes) == ("client_abort", 4)
    await asyncio.sleep(0)
    assert len(drains) == 0


async def test_a_response_still_to_come_is_waited_for() -> None:
    desk, drains = Desk(), Drains()
    drains.take(desk.open(), spawn(response(b"12"), name="sending"))
    record = await desk.sink.record()
    assert (record.status, record.provider_request_id) == (200, "r")
    assert record.response_bytes == 2


@pytest.mark.parametrize("early", [True, False])
async def test_an_upstream_that_fails_ends_it(early: bool) -> None:
    desk, drains = Desk(), Drains()

    async def settled() -> UpstreamError:
        return UpstreamReset("broke")

    if early:
        drains.take(desk.open(), spawn(settled(), name="sending"))
    else:
        drains.take(desk.open(), await response(b"1", then=UpstreamReset("broke")))
    record = await desk.sink.record()
    assert record.outcome == "client_abort"
    assert record.error is not None
    assert "broke" in record.error


async def test_closing_waits_and_then_gives_up() -> None:
    desk, drains = Desk(), Drains()
    gate = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"1"
        await gate.wait()

    async def answer(received: Received) -> Reply:
        return Reply(chunks=body())

    client = MemoryUpstream(answer)
    drains.take(desk.open(), await client.send(REQUEST))
    await drains.close(0.01)
    assert (await desk.sink.record()).outcome == "client_abort"
    assert client.received[0].aborted.is_set()
    await drains.close(0.01)
