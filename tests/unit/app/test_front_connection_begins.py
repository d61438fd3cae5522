"""A connection whose first bytes come before aiohttp's task has had its first turn."""

import asyncio

import pytest

from tests.support.front import PATIENT_S, post, serving
from tests.support.transports import ListTransport


@pytest.mark.parametrize("paths", [["/in/x"], ["/in/x", "/in/y", "/other", "/in/z"], ["/other"]])
async def test_what_comes_before_the_first_turn_of_the_task(paths: list[str]) -> None:
    """Until Python 3.12 aiohttp begins its task a turn after the connection."""
    async with serving() as stand:
        assert stand.runner.server is not None
        connection, transport = stand.runner.server(), ListTransport()
        connection.connection_made(transport)
        connection.data_received(b"".join(post(path, path.encode()) for path in paths))
        async with asyncio.timeout(PATIENT_S):
            while b"".join(transport.written).count(b"HTTP/1.1 200") < len(paths):
                await asyncio.sleep(0)
        answers = b"".join(transport.written).split(b"\r\n\r\n")[1:]
        for path, answer in zip(paths, answers, strict=True):
            assert answer.removeprefix(b"ordinary ").startswith(path.encode())
        first = [request.message.path for request in stand.answers.taken[:2]]
        assert first == [path for path in paths[:2] if path.startswith("/in/")]
        connection.connection_lost(None)


async def test_whoever_answers_a_client_that_stalls_is_told_of_a_stop() -> None:
    """Once the grace is over: with data for its client, a connection closes without an end."""
    async with serving() as stand:
        assert stand.runner.server is not None
        connection = stand.runner.server()
        connection.connection_made(ListTransport())
        connection.data_received(post("/in/held", b"x"))
        await stand.answers.came.wait()
        stopping = asyncio.create_task(connection.shutdown(0.1))
        await asyncio.sleep(0.02)
        assert not stand.answers.left.is_set()
        await stopping
        assert stand.answers.left.is_set()
        stand.answers.left.clear()
        connection.connection_lost(None)
        assert not stand.answers.left.is_set()


async def test_a_client_that_leaves_before_the_first_turn_of_the_task() -> None:
    async with serving() as stand:
        assert stand.runner.server is not None
        connection = stand.runner.server()
        connection.connection_made(ListTransport())
        connection.data_received(post("/in/x", b"x"))
        connection.connection_lost(None)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not stand.answers.taken
