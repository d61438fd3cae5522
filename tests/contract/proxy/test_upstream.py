"""What every upstream client promises; the one on sockets and the one in memory both keep it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import (
    UpstreamProtocolError,
    UpstreamRefused,
    UpstreamReset,
    UpstreamTimeout,
)
from proxy.upstream.protocol import Timeouts, UpstreamRequest
from tests.support.upstream_world import (
    FRAMING,
    HASTY,
    Build,
    Play,
    get,
    pieces,
    read_all,
)


@pytest.mark.parametrize(
    "target",
    ["/", "/v1/a%2Fb%20c//d?x=%7e&y=a+b&&z", "/a/../b/./c", "/%zz?%", "/a;b=c?q=%C3%A9#"[:-1]],
)
async def test_the_target_arrives_as_given(world: Build, target: str) -> None:
    made = await world(Play())
    await read_all(await made.client.send(get(made, target)))
    assert made.seen.line == f"GET {target}".encode()


async def test_request_headers_arrive_in_order_with_duplicates_and_nothing_added(
    world: Build,
) -> None:
    made = await world(Play())
    headers = [
        (b"X-B", b"1"),
        (b"x-a", b"caf\xc3\xa9"),
        (b"X-B", b"2"),
        (b"Cookie", b"a=b; c=d"),
        (b"Authorization", b"Bearer x"),
    ]
    request = UpstreamRequest("POST", made.origin, "/", headers, b"{}")
    await read_all(await made.client.send(request))
    assert made.seen.headers == headers


async def test_response_head_comes_raw(world: Build) -> None:
    headers = [
        (b"X-Two", b"1"),
        (b"set-cookie", b"a=1"),
        (b"x-two", b"2"),
        (b"Set-Cookie", b"b=2"),
        (b"X-Latin", b"caf\xe9"),
    ]
    made = await world(Play(status=429, reason=b"Slow Down", headers=headers))
    response = await made.client.send(get(made))
    assert (response.status, response.reason) == (429, b"Slow Down")
    assert [pair for pair in response.headers if pair[0] not in FRAMING] == headers
    await read_all(response)
    # A cookie of the provider never comes back with another caller's request.
    await read_all(await made.client.send(get(made)))
    assert made.seen.headers == []


async def test_a_redirect_is_an_answer(world: Build) -> None:
    made = await world(Play(status=307, headers=[(b"Location", b"/elsewhere")]))
    response = await made.client.send(get(made))
    assert response.status == 307
    await read_all(response)


async def test_a_coded_body_is_not_decoded(world: Build) -> None:
    garbage = b"\x1f\x8b not really gzip"
    made = await world(Play(headers=[(b"Content-Encoding", b"gzip")], steps=pieces(garbage)))
    assert b"".join(await read_all(await made.client.send(get(made)))) == garbage


async def test_a_chunk_arrives_before_the_next_is_sent(world: Build) -> None:
    gates = [asyncio.Event() for _ in range(3)]

    async def steps() -> AsyncIterator[bytes]:
        for number, gate in enumerate(gates):
            await gate.wait()
            yield b"%d" % number

    made = await world(Play(steps=steps))
    response = await made.client.send(get(made))
    assert response.read_nowait() == b""
    for number, gate in enumerate(gates):
        gate.set()
        assert await response.read() == b"%d" % number
    assert await response.read() == b""
    assert await response.read() == b""
    assert response.read_nowait() == b""


async def test_a_body_is_sent_whole_or_in_pieces(world: Build) -> None:
    made = await world(Play())
    await read_all(
        await made.client.send(UpstreamRequest("POST", made.origin, "/", [], b"x" * 100_000))
    )
    assert made.seen.body == b"x" * 100_000
    made.seen.body = b""
    body = pieces(b"one", b"two" * 50_000, b"three")()
    await read_all(await made.client.send(UpstreamRequest("PUT", made.origin, "/", [], body)))
    assert made.seen.body == b"one" + b"two" * 50_000 + b"three"


async def test_the_answer_may_come_before_the_body_was_sent(world: Build) -> None:
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"begin"
        await never.wait()

    made = await world(Play(status=413, reads_body=False, steps=pieces(b"too much")))
    response = await made.client.send(UpstreamRequest("POST", made.origin, "/", [], body()))
    assert response.status == 413
    assert await read_all(response) == [b"too much"]


async def test_refused(world: Build) -> None:
    made = await world(Play(instead="refused"))
    with pytest.raises(UpstreamRefused):
        await made.client.send(get(made))


@pytest.mark.parametrize(
    ("instead", "error"), [("reset", UpstreamReset), ("garbage", UpstreamProtocolError)]
)
async def test_no_valid_head(world: Build, instead: str, error: type[Exception]) -> None:
    made = await world(Play(instead=instead))
    with pytest.raises(error):
        await made.client.send(UpstreamRequest("POST", made.origin, "/", [], b"{}"))


async def test_reset_in_the_body(world: Build) -> None:
    gate = asyncio.Event()

    async def steps() -> AsyncIterator[bytes]:
        yield b"begin"
        await gate.wait()

    made = await world(Play(steps=steps, end="reset"))
    response = await made.client.send(get(made))
    assert await response.read() == b"begin"
    gate.set()
    with pytest.raises(UpstreamReset):
        await response.read()


async def test_no_head_in_time(world: Build) -> None:
    made = await world(Play(before_head=asyncio.Event().wait), HASTY)  # type: ignore[arg-type]
    with pytest.raises(UpstreamTimeout) as caught:
        await made.client.send(get(made))
    assert caught.value.kind == "first_byte"


async def test_no_further_chunk_in_time(world: Build) -> None:
    timeouts = Timeouts(connect_s=20, first_byte_s=20, idle_s=0.05)
    made = await world(Play(steps=pieces(b"begin"), end="stall"), timeouts)
    response = await made.client.send(get(made))
    assert await response.read() == b"begin"
    with pytest.raises(UpstreamTimeout) as caught:
        await response.read()
    assert caught.value.kind == "idle"
    await asyncio.wait_for(made.seen.aborted.wait(), 20)


async def test_abort_reaches_the_upstream(world: Build) -> None:
    made = await world(Play(steps=pieces(b"begin"), end="stall"))
    response = await made.client.send(get(made))
    assert await response.read() == b"begin"
    response.abort()
    response.abort()
    await asyncio.wait_for(made.seen.aborted.wait(), 20)
    with pytest.raises(UpstreamReset):
        await response.read()


async def test_a_cancelled_send_reaches_the_upstream(world: Build) -> None:
    asked = asyncio.Event()

    async def before_head() -> None:
        asked.set()
        await asyncio.Event().wait()

    made = await world(Play(before_head=before_head))
    sending = asyncio.create_task(made.client.send(get(made)))
    await asked.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_abort_after_the_end_is_harmless(world: Build) -> None:
    made = await world(Play(steps=pieces(b"all")))
    response = await made.client.send(get(made))
    assert await read_all(response) == [b"all"]
    response.abort()
    assert await response.read() == b""


async def test_a_closed_client_refuses(world: Build) -> None:
    made = await world(Play())
    await made.client.close()
    with pytest.raises(UpstreamRefused):
        await made.client.send(get(made))
