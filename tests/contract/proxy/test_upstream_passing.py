"""What every upstream client promises of a body that is passed on as it comes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import ClientGone, UpstreamReset, UpstreamTimeout
from proxy.upstream.protocol import Timeouts, UpstreamResponse
from tests.support.upstream_world import Build, Play, World, get, pieces

WORDS = [b"one", b"two", b"three", b"four"]


async def started(made: World) -> UpstreamResponse:
    """The response to a plain request."""
    return await made.client.send(get(made))


async def test_all_of_it_in_order_and_then_the_end(world: Build) -> None:
    """Whatever the pieces are; the end is the end, also when it is asked for again."""
    response = await started(await world(Play(steps=pieces(*WORDS))))
    taken: list[bytes] = []

    def take(chunk: bytes) -> bool:
        taken.append(chunk)
        return True

    assert await response.pass_to(take)
    assert b"".join(taken) == b"".join(WORDS)
    assert await response.pass_to(take)
    assert await response.read() == b""


async def test_a_chunk_is_passed_before_the_next_is_sent(world: Build) -> None:
    """Nothing is held back for more of it."""
    came = asyncio.Event()

    async def steps() -> AsyncIterator[bytes]:
        for word in WORDS:
            came.clear()
            yield word
            await asyncio.wait_for(came.wait(), 20)

    def take(_: bytes) -> bool:
        came.set()
        return True

    assert await (await started(await world(Play(steps=steps)))).pass_to(take)


async def test_a_pause_loses_nothing(world: Build) -> None:
    """After each chunk; what comes meanwhile waits."""
    response = await started(await world(Play(steps=pieces(*WORDS * 20))))
    taken: list[bytes] = []

    def take(chunk: bytes) -> bool:
        taken.append(chunk)
        return False

    pauses = 0
    while not await response.pass_to(take):
        pauses += 1
        assert len(taken) == pauses
        await asyncio.sleep(0)
    assert b"".join(taken) == b"".join(WORDS * 20)
    assert pauses == len(taken)


async def test_what_take_raises_is_raised(world: Build) -> None:
    """And the response can be given up then."""
    made = await world(Play(steps=pieces(b"begin"), end="stall"))
    response = await started(made)

    def take(_: bytes) -> bool:
        raise ClientGone("left")

    with pytest.raises(ClientGone):
        await response.pass_to(take)
    response.abort()
    await asyncio.wait_for(made.seen.aborted.wait(), 20)


async def test_a_reset_and_a_stall_are_told(world: Build) -> None:
    """Once all that came before was passed."""
    timeouts = Timeouts(connect_s=20, first_byte_s=20, idle_s=0.05)
    for end, error in (("reset", UpstreamReset), ("stall", UpstreamTimeout)):
        response = await started(await world(Play(steps=pieces(b"begin"), end=end), timeouts))
        taken: list[bytes] = []
        with pytest.raises(error):
            await response.pass_to(lambda chunk, into=taken: into.append(chunk) or True)  # type: ignore[misc]
        if end == "stall":
            assert taken == [b"begin"]


async def test_a_cancelled_pass_can_be_taken_up_by_another_reader(world: Build) -> None:
    """A response outlives whoever read it."""
    go_on = asyncio.Event()

    async def steps() -> AsyncIterator[bytes]:
        yield b"one"
        await go_on.wait()
        yield b"two"

    response = await started(await world(Play(steps=steps)))
    came = asyncio.Event()

    def take(_: bytes) -> bool:
        came.set()
        return True

    passing = asyncio.create_task(response.pass_to(take))
    await asyncio.wait_for(came.wait(), 20)
    passing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await passing
    if type(response).__name__ == "MemoryResponse":
        # An async generator that is cancelled has ended: only the one on sockets goes on.
        return
    go_on.set()
    assert await response.read() == b"two"
