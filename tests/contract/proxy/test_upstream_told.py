"""What every upstream client promises of a call that nobody waits for: news come by callbacks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from app.errors import UpstreamError, UpstreamRefused, UpstreamReset, UpstreamTimeout
from proxy.upstream.protocol import Timeouts, UpstreamClient, UpstreamRequest, UpstreamResponse
from tests.support.upstream_world import Build, Play, World, get, pieces, read_all

WORDS = [b"one", b"two", b"three", b"four"]
HASTY = Timeouts(connect_s=20, first_byte_s=0.05, idle_s=0.05)


@dataclass
class Listener:
    """Reads in callbacks, as the relay does."""

    response: UpstreamResponse | None = None
    got: list[bytes] = field(default_factory=list)
    error: UpstreamError | None = None
    headed: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    after: Callable[[], None] | None = None

    def told(self) -> None:
        response = self.response
        if response is None or self.over.is_set():
            return
        try:
            self.headed = self.headed or response.is_headed()
            while self.headed and (chunk := response.read_nowait()):
                self.got.append(chunk)
                if self.after is not None:
                    self.after()
                    return
        except UpstreamError as error:
            self.error = error
        if self.error is not None or response.is_over:
            self.over.set()
        else:
            response.expect_more()

    async def begin(self, client: UpstreamClient, request: UpstreamRequest) -> None:
        self.response = client.begin(request, self.told) or await client.reach(request, self.told)
        self.told()

    async def end(self) -> bytes:
        async with asyncio.timeout(20):
            await self.over.wait()
        return b"".join(self.got)


async def listening(made: World) -> Listener:
    listener = Listener()
    await listener.begin(made.client, get(made))
    return listener


async def test_all_of_it_comes_and_then_the_end(world: Build) -> None:
    listener = await listening(await world(Play(status=201, steps=pieces(*WORDS))))
    assert await listener.end() == b"".join(WORDS)
    response = listener.response
    assert response is not None
    assert (response.status, listener.error) == (201, None)
    assert response.read_nowait() == b""


async def test_nothing_is_done_where_no_connection_is_free(world: Build) -> None:
    made = await world(Play(steps=pieces(*WORDS)))
    assert made.client.begin(get(made), lambda: None) is None
    await asyncio.sleep(0.05)
    assert made.seen.line == b""


async def test_a_body_goes_up_whole(world: Build) -> None:
    made = await world(Play())
    listener = Listener()
    request = UpstreamRequest("POST", made.origin, "/x", [], b"body" * 1000)
    await listener.begin(made.client, request)
    await listener.end()
    assert made.seen.body == b"body" * 1000


async def test_a_reset_is_told(world: Build) -> None:
    listener = await listening(await world(Play(steps=pieces(b"begin"), end="reset")))
    await listener.end()
    assert isinstance(listener.error, UpstreamReset)


async def test_a_stall_is_told_once_its_time_is_up(world: Build) -> None:
    listener = await listening(await world(Play(steps=pieces(b"begin"), end="stall"), HASTY))
    assert await listener.end() == b"begin"
    assert isinstance(listener.error, UpstreamTimeout)


async def test_an_abort_ends_the_upstreams_side(world: Build) -> None:
    made = await world(Play(steps=pieces(b"begin"), end="stall"))
    listener = await listening(made)
    async with asyncio.timeout(20):
        while not listener.got:
            await asyncio.sleep(0.01)
    assert listener.response is not None
    listener.response.abort()
    await asyncio.wait_for(made.seen.aborted.wait(), 20)


async def test_whoever_listened_can_read_on(world: Build) -> None:
    """Nothing is lost between the two ways."""
    made = await world(Play(steps=pieces(*WORDS * 20)))
    listener = Listener()
    handed_over = asyncio.Event()

    def stop() -> None:
        assert listener.response is not None
        listener.response.listen(None)
        handed_over.set()

    listener.after = stop
    await listener.begin(made.client, get(made))
    await asyncio.wait_for(handed_over.wait(), 20)
    assert listener.response is not None
    rest = await read_all(listener.response)
    assert b"".join(listener.got + rest) == b"".join(WORDS * 20)


async def test_whoever_listened_may_pause_for_as_long_as_it_likes(world: Build) -> None:
    """The upstream is not to blame for it: everything has come."""
    timeouts = Timeouts(connect_s=20, first_byte_s=20, idle_s=0.1)
    made = await world(Play(steps=pieces(*WORDS)), timeouts)
    listener = Listener()
    handed_over = asyncio.Event()

    def pause() -> None:
        assert listener.response is not None
        listener.response.expect_more()
        listener.response.listen(None)
        handed_over.set()

    listener.after = pause
    await listener.begin(made.client, get(made))
    await asyncio.wait_for(handed_over.wait(), 20)
    await asyncio.sleep(0.4)
    assert listener.response is not None
    rest = await read_all(listener.response)
    assert b"".join(listener.got + rest) == b"".join(WORDS)


@dataclass
class Taker:
    """Takes bytes as they flow; wants a pause after so many chunks."""

    listener: Listener
    most: int
    got: list[bytes] = field(default_factory=list)
    paused: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, chunk: bytes) -> bool:
        self.got.append(chunk)
        if len(self.got) < self.most:
            return True
        self.paused.set()
        return False


def slowly(*given: bytes) -> Callable[[], AsyncIterator[bytes]]:
    """Pieces that come one by one."""

    async def steps() -> AsyncIterator[bytes]:
        for piece in given:
            yield piece
            await asyncio.sleep(0.01)

    return steps


async def flowing(made: World, most: int) -> Taker:
    """A response whose bytes flow from its first piece on."""
    listener = Listener()
    taker = Taker(listener, most)

    def flow() -> None:
        assert listener.response is not None
        listener.after = None
        listener.response.expect_more()
        listener.response.flow_to(taker.take)

    listener.after = flow
    await listener.begin(made.client, get(made))
    return taker


async def test_what_flows_is_not_told_but_the_end_is(world: Build) -> None:
    taker = await flowing(await world(Play(steps=slowly(*WORDS * 5))), 1000)
    before = await taker.listener.end()
    assert before + b"".join(taker.got) == b"".join(WORDS * 5)
    assert taker.listener.error is None
    assert taker.got


async def test_a_pause_is_told_and_nothing_is_lost_by_it(world: Build) -> None:
    taker = await flowing(await world(Play(steps=slowly(*WORDS * 5))), 2)
    await asyncio.wait_for(taker.paused.wait(), 20)
    rest = await taker.listener.end()
    assert len(taker.got) == 2
    first, got = taker.listener.got[0], b"".join(taker.got)
    assert first + got + rest.removeprefix(first) == b"".join(WORDS * 5)


async def test_a_reset_is_told_where_bytes_flow(world: Build) -> None:
    steps = slowly(b"begin", b"more")
    taker = await flowing(await world(Play(steps=steps, end="reset")), 1000)
    await taker.listener.end()
    assert isinstance(taker.listener.error, UpstreamReset)


async def test_a_stall_is_told_where_bytes_flow(world: Build) -> None:
    steps = slowly(b"begin", b"more")
    taker = await flowing(await world(Play(steps=steps, end="stall"), HASTY), 1000)
    before = await taker.listener.end()
    assert isinstance(taker.listener.error, UpstreamTimeout)
    assert before + b"".join(taker.got) == b"beginmore"


async def test_a_closed_client_refuses(world: Build) -> None:
    made = await world(Play())
    await made.client.close()
    with pytest.raises(UpstreamRefused):
        await Listener().begin(made.client, get(made))
