import asyncio

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.web import RequestPayloadError

from app.errors import ClientGone, RelayRefused, UpstreamTimeout
from proxy.relay.upload import Upload


class Sent:
    """A client's body under way, as aiohttp's server hands it over."""

    def __init__(self, idle_s: float = 20) -> None:
        protocol = BaseProtocol(asyncio.get_running_loop())
        protocol.connection_made(asyncio.Transport())
        self.reader = aiohttp.StreamReader(protocol, 2**16)
        self.chunks: list[bytes] = []
        self.took_s: float | None = None
        self.asked = 0
        self.upload = Upload(self.reader, idle_s, self.chunks.append, self._end, self._ask)

    def _end(self, took_s: float) -> None:
        self.took_s = took_s

    async def _ask(self) -> None:
        self.asked += 1


async def test_chunks_pass_as_they_come_and_are_copied() -> None:
    sent = Sent()
    sent.reader.feed_data(b"one")
    assert await anext(sent.upload) == b"one"
    sent.reader.feed_data(b"two")
    assert await anext(sent.upload) == b"two"
    assert sent.took_s is None
    sent.reader.feed_eof()
    with pytest.raises(StopAsyncIteration):
        await anext(sent.upload)
    assert sent.chunks == [b"one", b"two"]
    assert sent.took_s is not None


async def test_the_client_is_asked_once_and_only_when_it_is_waited_for() -> None:
    sent = Sent()
    assert sent.upload.unasked
    sent.reader.feed_data(b"one")
    await anext(sent.upload)
    assert sent.asked == 0
    for _ in range(2):
        asyncio.get_running_loop().call_soon(sent.reader.feed_data, b"more")
        await anext(sent.upload)
    assert sent.asked == 1
    assert not sent.upload.unasked


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (RequestPayloadError("bad"), RelayRefused),
        (ConnectionResetError(), ClientGone),
        (aiohttp.ClientConnectionError(), ClientGone),
    ],
)
async def test_what_the_client_did_wrong_is_kept(foreign: Exception, ours: type[Exception]) -> None:
    sent = Sent()
    sent.reader.set_exception(foreign)
    with pytest.raises(ours):
        await anext(sent.upload)
    assert isinstance(sent.upload.error, ours)


async def test_a_client_that_stops_sending_is_the_one_who_stalled() -> None:
    sent = Sent(idle_s=0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as sent.upload.timer:
            await anext(sent.upload)
    assert isinstance(sent.upload.stalled(), ClientGone)


async def test_an_upstream_that_stops_taking_is_the_one_who_stalled() -> None:
    sent = Sent(idle_s=0.01)
    sent.reader.feed_data(b"one")

    async def send() -> None:
        async with asyncio.timeout(None) as sent.upload.timer:
            await anext(sent.upload)
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await send()
    assert isinstance(sent.upload.stalled(), UpstreamTimeout)


async def test_after_the_body_nobody_is_hurried() -> None:
    sent = Sent(idle_s=0.01)
    sent.reader.feed_eof()
    async with asyncio.timeout(None) as sent.upload.timer:
        with pytest.raises(StopAsyncIteration):
            await anext(sent.upload)
        await asyncio.sleep(0.03)
