"""Plain calls relayed without a task; what each byte of them may do is in tests/e2e."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import HttpVersion11, web

from app import tasks
from app.front import FrontRunner
from app.front_connection import InPlaceRequest
from proxy.relay import in_place
from tests.support import relay as relay_support
from tests.support.relay import PATIENT_S, Stand, raw_client, standing
from tests.support.transports import ListTransport

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


class Upstream:
    """Answers by a script of the test; counts its connections."""

    def __init__(self, answer: bytes = HEAD + b"Content-Length: 2\r\n\r\nok") -> None:
        self.answer = answer
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
                self.asked.set()
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def before(upstream: Upstream, **options: object) -> AsyncIterator[Stand]:
    """A relay before an upstream; a first call has opened a connection to it."""
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answer, upstream.answer = upstream.answer, HEAD + b"Content-Length: 0\r\n\r\n"
    async with server, standing(url, **options) as stand:  # type: ignore[arg-type]
        async with stand.session.post(f"{stand.url}/up/x", data=b"{}") as got:
            await got.read()
        await stand.sink.records(1)
        upstream.answer = answer
        upstream.asked.clear()
        try:
            yield stand
        finally:
            for writer in upstream.writers:
                writer.close()
            closed = (writer.wait_closed() for writer in upstream.writers)
            await asyncio.gather(*closed, return_exceptions=True)


def post(body: bytes = b"{}") -> bytes:
    return b"POST /up/x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_a_plain_call_makes_no_task_and_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upstream = Upstream()
    async with before(upstream) as stand, raw_client(stand) as client:
        monkeypatch.setattr(in_place, "spawn", None)
        for number in range(5):
            await client.send(post())
            assert b"tailrace-request-id" in await client.head()
            assert await client.reader.readexactly(2) == b"ok"
            assert len(await stand.sink.records(number + 2)) == number + 2
        assert upstream.connections == 1
        assert {record.outcome for record in await stand.sink.records(6)} == {"completed"}


async def test_a_first_call_waits_for_its_connection_and_goes_on_in_place() -> None:
    upstream = Upstream()
    async with before(upstream) as stand:
        upstream.writers.pop().close()
        await asyncio.sleep(0.05)
        async with raw_client(stand) as client:
            await client.send(post())
            await client.head()
            assert await client.reader.readexactly(2) == b"ok"
        assert upstream.connections == 2
        assert (await stand.sink.records(2))[1].outcome == "completed"


async def test_a_client_that_takes_its_time_gets_every_byte() -> None:
    """The rest of such a call goes on in a task, and waits for the client."""
    size = 8 << 20
    upstream = Upstream(
        HEAD + b"Content-Length: %d\r\n\r\n" % size + bytes(range(256)) * (size >> 8)
    )
    async with before(upstream) as stand, raw_client(stand) as client:
        await client.send(post())
        await client.head()
        await asyncio.sleep(0.3)
        names = {task.get_name() for task in tasks._running}
        assert "relay-rest" in names
        got = await client.reader.readexactly(size)
        assert got == bytes(range(256)) * (size >> 8)
        record = (await stand.sink.records(2))[1]
        assert (record.outcome, record.response_bytes) == ("completed", size)
        await client.send(post())
        await client.head()


@pytest.mark.parametrize("answer", [b"", HEAD + b"Content-Length: 9\r\n\r\nab"])
async def test_a_client_that_leaves_ends_the_upstreams_call(answer: bytes) -> None:
    upstream = Upstream(answer)
    async with before(upstream) as stand:
        async with raw_client(stand) as client:
            await client.send(post())
            await upstream.asked.wait()
            if answer:
                await client.head()
        record = (await stand.sink.records(2))[1]
        assert record.outcome == "client_abort"
        async with asyncio.timeout(PATIENT_S):
            while not upstream.writers[0].is_closing():
                await asyncio.sleep(0.01)


async def test_a_client_that_leaves_within_its_request_has_its_record() -> None:
    async with before(Upstream()) as stand:
        async with raw_client(stand) as client:
            await client.send(post(b"x" * 100)[:-50])
            await asyncio.sleep(0.05)
        record = (await stand.sink.records(2))[1]
        assert (record.outcome, record.request_bytes) == ("client_abort", 50)


@pytest.mark.parametrize("cut", [0, 50])
async def test_a_target_of_the_clients_own_choice_is_where_it_goes(cut: int) -> None:
    """Also in the record of a call that it gives up before all of it has come."""
    chosen = Upstream()
    server = await asyncio.start_server(chosen.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    asked = post(b"x" * 100).replace(
        b"Host: h", b"Host: h\r\nTailrace-Target-Url: %b" % url.encode()
    )
    async with server, before(Upstream(), targets=url) as stand:
        async with raw_client(stand) as client:
            await client.send(asked[: len(asked) - cut])
            if cut:
                await asyncio.sleep(0.05)
            else:
                await client.head()
        record = (await stand.sink.records(2))[1]
        assert record.provider == "127.0.0.1"
        assert record.outcome == ("client_abort" if cut else "completed")
        assert chosen.connections == (0 if cut else 1)
        for writer in chosen.writers:
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_what_goes_wrong_is_told_as_ever(answer: bytes) -> None:
    async with before(Upstream(answer)) as stand, raw_client(stand) as client:
        await client.send(post())
        assert (await client.head()).split()[1] == b"502"
        assert (await stand.sink.records(2))[1].outcome == "upstream_error"


async def test_an_upstream_that_says_nothing_is_given_up() -> None:
    async with (
        before(Upstream(b""), first_byte_timeout_s=0.1) as stand,
        raw_client(stand) as client,
    ):
        await client.send(post())
        assert (await client.head()).split()[1] == b"504"
        assert (await stand.sink.records(2))[1].outcome == "timeout"


async def test_an_answer_that_stops_is_cut() -> None:
    upstream = Upstream(HEAD + b"Content-Length: 9\r\n\r\nab")
    async with before(upstream, idle_timeout_s=0.1) as stand, raw_client(stand) as client:
        await client.send(post())
        await client.head()
        assert await client.rest() == b"ab"
        assert (await stand.sink.records(2))[1].outcome == "timeout"


async def test_a_refused_call_is_answered_and_recorded() -> None:
    async with before(Upstream()) as stand, raw_client(stand) as client:
        await client.send(post().replace(b"Host: h", b"Host: h\r\nTailrace-Omit-Request: maybe"))
        assert (await client.head()).split()[1] == b"400"
        assert (await stand.sink.records(2))[1].outcome == "refused"


async def test_a_call_whose_client_stalls_has_its_record_after_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its connection, which has data for it, does not end with the stop."""

    def hasty(web_app: web.Application, **options: Any) -> FrontRunner:
        return FrontRunner(web_app, **options | {"shutdown_timeout": 0.1})

    monkeypatch.setattr(relay_support, "FrontRunner", hasty)
    size = 16 << 20
    upstream = Upstream(HEAD + b"Content-Length: %d\r\n\r\n" % size + bytes(size))
    async with before(upstream) as stand:
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
        writer.write(post())
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(PATIENT_S):
            while "relay-rest" not in {task.get_name() for task in tasks._running}:
                await asyncio.sleep(0.01)
        assert len(stand.sink.finished) == 1
        upstream.writers[0].transport.abort()
    outcomes = [each.record.outcome for each in stand.sink.finished]
    writer.transport.abort()
    # Until the relay's side of it has ended as well.
    await asyncio.sleep(0.05)
    assert outcomes == ["completed", "client_abort"]


def asked(connection: Any, *fields: tuple[bytes, bytes]) -> InPlaceRequest:
    """A request of a client that is only played."""
    message: Any = SimpleNamespace(
        path="/up/x", method="POST", version=HttpVersion11, raw_headers=fields, should_close=False
    )
    content: Any = SimpleNamespace(read_nowait=lambda: b"{}")
    return InPlaceRequest(connection, message, content)


class Slow:
    """A client that takes a piece at a time at first, and all that comes then."""

    def __init__(self) -> None:
        self.transport = ListTransport()
        self.waits = 0
        self.over = asyncio.Event()

    @property
    def writing_paused(self) -> bool:
        return len(self.transport.written) > 1 and self.waits < 20

    async def drained(self) -> None:
        await asyncio.sleep(0.05)
        self.waits += 1

    def answered(self, *, keep_alive: bool) -> None:
        self.over.set()


async def test_a_slow_client_is_not_taken_for_an_upstream_that_stopped() -> None:
    """Longer than an upstream may go without data; this one always has some."""
    size = 16 << 20
    upstream = Upstream(HEAD + b"Content-Length: %d\r\n\r\n" % size + bytes(size))
    async with before(upstream, idle_timeout_s=0.3) as stand:
        client = Slow()
        relayed = in_place.InPlaceRelay(stand.relay, stand.relay.upstreams.by_name["up"], 3)
        assert relayed.take(asked(client)) is not None
        async with asyncio.timeout(PATIENT_S):
            await client.over.wait()
        record = (await stand.sink.records(2))[1]
    assert (record.outcome, record.response_bytes, client.waits) == ("completed", size, 20)


class Gone:
    """A client's connection that has just ended."""

    transport = None
    writing_paused = False

    def answered(self, *, keep_alive: bool) -> None:
        """Nobody is there."""


@pytest.mark.parametrize("refused", [True, False])
async def test_a_client_that_leaves_before_the_task_begins_has_its_record(refused: bool) -> None:
    """What goes on in a task is not lost with a task that never ran."""
    async with standing() as stand:
        fields = ((b"Tailrace-Omit-Request", b"maybe"),) if refused else ()
        upstream = stand.relay.upstreams.by_name["up"]
        taken = in_place.InPlaceRelay(stand.relay, upstream, 3).take(asked(Gone(), *fields))
        assert taken is not None
        taken.client_left()
        record = await stand.sink.record()
    assert (record.outcome, record.error) == ("client_abort", "the client left before the end")
