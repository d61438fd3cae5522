"""Asking another worker: what it answers, and everything that is no answer."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from app.cluster.peers import MAX_ANSWER_BYTES, Peers, decoded, encoded
from app.errors import Unavailable
from tests.support.answering import answering, saying

TOKEN = "the-token-of-this-test"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    client = Peers(TOKEN, timeout_s=0.5)
    yield client
    await client.close()
    await client.close()


async def test_values_in_the_order_of_their_keys(peers: Peers) -> None:
    """Keys and values of any bytes; the request has the token and its hop."""
    held = {b"a|\x00\xff": b"\x00value", b"b|b": None}

    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["tailrace-hop"] == "1"
        assert request.path == "/internal/tables/users"
        found = [held[decoded(key)] for key in request.query.getall("key")]
        return web.json_response({"values": [v if v is None else encoded(v) for v in found]})

    async with answering(handler) as url:
        assert await peers.values(url, "users", list(held)) == list(held.values())
        assert await peers.values(url, "users", list(held)[::-1]) == list(held.values())[::-1]


@pytest.mark.parametrize(
    "answer",
    [
        web.json_response({"values": []}),
        web.json_response({"values": [7]}),
        web.json_response({"values": ["é"]}),
        web.json_response({"values": ["a"]}),
        web.json_response({"values": {"0": "aa"}}),
        web.json_response({}),
        web.json_response([]),
        web.Response(text="<html>"),
        web.Response(body=b"[" * (MAX_ANSWER_BYTES + 1)),
        web.json_response({"values": ["aaaa"]}, status=203),
        web.Response(status=503),
        web.Response(status=302, headers={"Location": "/elsewhere"}),
    ],
    ids=lambda answer: f"{answer.status}-{(answer.text or '')[:24]}",
)
async def test_what_is_no_answer(peers: Peers, answer: web.Response) -> None:
    async def handler(request: web.Request) -> web.Response:
        return answer

    async with answering(handler) as url:
        with pytest.raises(Unavailable):
            await peers.values(url, "users", [b"k"])


@pytest.mark.parametrize(
    ("raw", "hangs"),
    [
        (b"", False),
        (b"", True),
        (HEAD + b"Content-Length: 100\r\n\r\n{", False),
        (HEAD + b"Content-Length: 100\r\n\r\n{", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", False),
        (b"\x00\x01garbage\r\n\r\n", False),
    ],
)
async def test_a_worker_that_hangs_dies_or_talks_nonsense(
    peers: Peers, raw: bytes, *, hangs: bool
) -> None:
    async with saying(raw, hangs=hangs) as url:
        with pytest.raises(Unavailable, match="did not answer"):
            await peers.values(url, "users", [b"k"])


async def test_nobody_there_and_no_token(peers: Peers) -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        await peers.values("http://127.0.0.1:1", "users", [b"k"])
    with pytest.raises(Unavailable, match="TAILRACE_INTERNAL_TOKEN"):
        await Peers(None).values("http://127.0.0.1:1", "users", [b"k"])


async def test_copies_grow_older_on_their_way(peers: Peers) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.path == "/internal/copies/users"
        held = {"value": encoded(b"v"), "age_s": 1.5}
        return web.json_response({"copies": [held, {"value": None, "age_s": 0}, None]})

    async with answering(handler) as url:
        held, absent, unknown = await peers.copies(url, "users", [b"a", b"b", b"c"])
    assert held is not None
    assert absent is not None
    assert (held.value, absent.value, unknown) == (b"v", None, None)
    assert held.age_s > 1.5


@pytest.mark.parametrize(
    "copies",
    [
        [],
        {},
        [7],
        ["aaaa"],
        [{"value": "aaaa"}],
        [{"value": "aaaa", "age_s": -1}],
        [{"value": "aaaa", "age_s": "1"}],
        [{"value": 7, "age_s": 1}],
        [{"age_s": 1}],
    ],
)
async def test_what_are_no_copies(peers: Peers, copies: object) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"copies": copies})

    async with answering(handler) as url:
        with pytest.raises(Unavailable):
            await peers.copies(url, "users", [b"a"])
