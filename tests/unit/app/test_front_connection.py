"""Requests answered in place, on real sockets; the rest goes aiohttp's way, beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from app import front_connection
from tests.support.front import PATIENT_S, Stand, answer_of, post, serving


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with serving() as made:
        yield made


async def test_requests_in_place_and_others_take_turns_on_one_connection(stand: Stand) -> None:
    reader, writer = await stand.open()
    expected = []
    for number in range(20):
        body = b"%d" % number
        path = ("/in/x", "/other", "/in/declined", "/in")[number % 4]
        writer.write(post(path, body))
        expected.append(body if path == "/in/x" else b"ordinary " + body)
        assert await answer_of(reader) == expected[-1]
    assert len(stand.answers.taken) == 5
    writer.close()


async def test_pipelined_requests_are_answered_in_their_order(stand: Stand) -> None:
    reader, writer = await stand.open()
    paths = ["/in/x", "/in/y", "/other", "/in/x", "/in/declined", "/in/x"] * 20
    writer.write(b"".join(post(path, b"%d" % n) for n, path in enumerate(paths)))
    for n, path in enumerate(paths):
        answer = await answer_of(reader)
        # Behind an ordinary one, aiohttp's task goes on with the next by itself.
        assert answer.removeprefix(b"ordinary ") == b"%d" % n
        assert path.startswith("/in/") or answer.startswith(b"ordinary")
    writer.close()


async def test_a_request_waits_for_the_one_that_is_under_way(stand: Stand) -> None:
    reader, writer = await stand.open()
    writer.write(post("/in/held", b"first"))
    await stand.answers.came.wait()
    writer.write(post("/other", b"second") + post("/in/x", b"third"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    stand.answers.answer(stand.answers.taken[0])
    assert await answer_of(reader) == b"first"
    assert await answer_of(reader) == b"ordinary second"
    assert (await answer_of(reader)).endswith(b"third")
    writer.close()


@pytest.mark.parametrize(
    "more", ["Expect: 100-continue\r\n", "Upgrade: websocket\r\nConnection: upgrade\r\n"]
)
async def test_what_expects_more_than_an_answer_goes_the_ordinary_way(
    stand: Stand, more: str
) -> None:
    reader, writer = await stand.open()
    writer.write(post("/in/x", b"", more))
    with suppress(asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
    assert not stand.answers.taken
    writer.close()


async def test_a_body_that_comes_a_little_later_is_waited_for(stand: Stand) -> None:
    """Most SDKs write a head and its body apart."""
    reader, writer = await stand.open()
    whole = post("/in/x", b"body")
    for piece in (whole[:30], whole[30:-4], whole[-4:-2], whole[-2:]):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    assert await answer_of(reader) == b"body"
    assert len(stand.answers.taken) == 1
    writer.close()


async def test_a_body_that_takes_its_time_is_streamed(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_connection, "BODY_PATIENCE_S", 0.01)
    reader, writer = await stand.open()
    whole = post("/in/x", b"body")
    writer.write(whole[:-2])
    await asyncio.sleep(0.1)
    writer.write(whole[-2:])
    assert await answer_of(reader) == b"ordinary body"
    writer.write(post("/in/x", b"next"))
    assert await answer_of(reader) == b"next"
    writer.close()


async def test_a_large_body_is_streamed_from_its_first_byte_on(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_connection, "BODY_PATIENCE_S", 3600)
    reader, writer = await stand.open()
    whole = post("/in/x", b"x" * (front_connection.SMALL_BODY_BYTES + 1))
    writer.write(whole[:-2])
    await asyncio.sleep(0.05)
    writer.write(whole[-2:])
    assert (await answer_of(reader)).startswith(b"ordinary x")
    assert not stand.answers.taken


async def test_a_client_that_leaves_within_its_request_is_told_of(stand: Stand) -> None:
    _, writer = await stand.open()
    writer.write(post("/in/x", b"body")[:-2])
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    async with asyncio.timeout(PATIENT_S):
        while not stand.answers.lost_bodies:
            await asyncio.sleep(0.01)
    assert stand.answers.lost_bodies == [b"bo"]
    assert not stand.answers.taken


async def test_a_client_that_leaves_while_it_is_answered_is_told_of(stand: Stand) -> None:
    _, writer = await stand.open()
    writer.write(post("/in/held", b"x"))
    await stand.answers.came.wait()
    writer.close()
    async with asyncio.timeout(PATIENT_S):
        await stand.answers.left.wait()
    request = stand.answers.taken[0]
    assert request.transport is None
    request.protocol.answered(keep_alive=True)


@pytest.mark.parametrize("more", ["Connection: close\r\n", ""])
async def test_a_connection_is_kept_as_the_client_wants(stand: Stand, more: str) -> None:
    reader, writer = await stand.open()
    writer.write(post("/in/x", b"x", more))
    assert await answer_of(reader) == b"x"
    if more:
        assert await asyncio.wait_for(reader.read(), PATIENT_S) == b""
    else:
        writer.write(post("/in/x", b"y"))
        assert await answer_of(reader) == b"y"
    writer.close()


async def test_an_idle_connection_is_closed_in_its_time_and_a_busy_one_is_not() -> None:
    async with serving(keepalive_timeout=0.2) as stand:
        reader, writer = await stand.open()
        writer.write(post("/in/x", b"x"))
        assert await answer_of(reader) == b"x"
        writer.write(post("/in/held", b"y"))
        await asyncio.sleep(0.6)
        stand.answers.answer(stand.answers.taken[-1])
        assert await answer_of(reader) == b"y"
        assert await asyncio.wait_for(reader.read(), PATIENT_S) == b""
        writer.close()


async def test_a_stop_waits_for_what_is_under_way() -> None:
    async with serving() as stand:
        reader, writer = await stand.open()
        idle_reader, idle_writer = await stand.open()
        idle_writer.write(post("/in/x", b"i"))
        assert await answer_of(idle_reader) == b"i"
        writer.write(post("/in/held", b"last"))
        async with asyncio.timeout(PATIENT_S):
            while len(stand.answers.taken) < 2:
                await asyncio.sleep(0.01)
        stopping = asyncio.create_task(stand.runner.cleanup())
        assert await asyncio.wait_for(idle_reader.read(), PATIENT_S) == b""
        assert not stopping.done()
        stand.answers.answer(stand.answers.taken[-1])
        assert await answer_of(reader) == b"last"
        assert await asyncio.wait_for(reader.read(), PATIENT_S) == b""
        await asyncio.wait_for(stopping, PATIENT_S)
        for each in (writer, idle_writer):
            each.close()


@pytest.mark.parametrize("path", ["/in/held", "/other"])
async def test_a_stop_does_not_wait_for_who_has_left(path: str) -> None:
    async with serving() as stand:
        stand.runner._shutdown_timeout = 10 * PATIENT_S
        idle_reader, idle_writer = await stand.open()
        idle_writer.write(post("/in/x", b"i"))
        assert await answer_of(idle_reader) == b"i"
        _, writer = await stand.open()
        # The ordinary way waits for the rest of the body.
        writer.write(post(path, b"last")[: None if path == "/in/held" else -2])
        assert stand.runner.server is not None
        async with asyncio.timeout(PATIENT_S):
            while not any(each._request_in_progress for each in stand.runner.server.connections):
                await asyncio.sleep(0.01)
        stopping = asyncio.create_task(stand.runner.cleanup())
        assert await asyncio.wait_for(idle_reader.read(), PATIENT_S) == b""
        assert not stopping.done()
        writer.close()
        await asyncio.wait_for(stopping, PATIENT_S)


async def test_a_stop_does_not_wait_for_ever(stand: Stand) -> None:
    async with serving() as stand:
        stand.runner._shutdown_timeout = 0.1
        _, writer = await stand.open()
        writer.write(post("/in/held", b"x"))
        await stand.answers.came.wait()
        await asyncio.wait_for(stand.runner.cleanup(), PATIENT_S)
        assert stand.answers.left.is_set()
        writer.close()


async def test_what_is_no_http_is_answered_as_ever(stand: Stand) -> None:
    reader, writer = await stand.open()
    writer.write(b"POST /in/x HTTP/1.1\r\nHost : h\r\n\r\n")
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"400"
    assert not stand.answers.taken
    writer.close()


async def test_an_ordinary_request_can_be_had(stand: Stand) -> None:
    _, writer = await stand.open()
    writer.write(post("/in/held", b"x", "Marked: yes\r\n"))
    await stand.answers.came.wait()
    made = stand.answers.taken[0].ordinary()
    assert (made.method, made.raw_path, made.headers["marked"]) == ("POST", "/in/held", "yes")
    writer.close()
