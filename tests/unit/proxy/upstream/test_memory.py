import pytest

from app.errors import UpstreamReset
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from proxy.upstream.protocol import UpstreamRequest

REQUEST = UpstreamRequest("POST", "http://h", "/", [], b"body")


async def test_requests_are_kept_in_order() -> None:
    async def answer(received: Received) -> Reply:
        return Reply(chunks=[await received.read()])

    client = MemoryUpstream(answer)
    assert await (await client.send(REQUEST)).read() == b"body"
    assert [each.request for each in client.received] == [REQUEST]


async def test_empty_chunks_are_no_end() -> None:
    async def answer(received: Received) -> Reply:
        return Reply(chunks=[b"", b"a", b"", b"b"])

    response = await MemoryUpstream(answer).send(REQUEST)
    assert [await response.read() for _ in range(3)] == [b"a", b"b", b""]


async def test_closing_aborts_what_is_open() -> None:
    async def answer(received: Received) -> Reply:
        return Reply(chunks=[b"a", b"b"])

    client = MemoryUpstream(answer)
    response = await client.send(REQUEST)
    await client.close()
    assert client.received[0].aborted.is_set()
    with pytest.raises(UpstreamReset):
        await response.read()


async def test_a_request_without_a_body_reads_as_empty() -> None:
    received = Received(UpstreamRequest("GET", "http://h", "/", []))
    assert await received.read() == b""
