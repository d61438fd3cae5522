"""Whatever an upstream says, its bytes pass as they are and one record comes of it."""

import itertools
import random

import pytest

from proxy.capture.capture import Capture
from tests.support.captures import CALLS, golden_exchanges
from tests.support.raw_upstream import LAST_CHUNK, Connection, chunk, raw_upstream
from tests.support.relay import standing

TIMES = 12
NONSENSE = [b"\n\n", b"\r", b"data: ", b'"', b"{"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n"


def broken(whole: bytes, chance: random.Random) -> bytes:
    """With bytes changed, taken out, said twice, or with nonsense in between."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            data[at : at + 1] = chance.randbytes(1)
        elif kind == 1:
            del data[at : at + chance.randint(1, 40)]
        elif kind == 2:
            data[at:at] = data[at : at + chance.randint(1, 200)]
        else:
            data[at:at] = chance.choice(
                [b"\n\n", b"\r", b"data: ", b'"', b"{", chance.randbytes(9)]
            )
    return bytes(data) or b"x"


def pieces(data: bytes, chance: random.Random) -> list[bytes]:
    """Cut anywhere."""
    edges = sorted({0, len(data), *(chance.randrange(len(data) + 1) for _ in range(5))})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("dialect", CALLS)
async def test_broken_answers_pass_as_they_are(dialect: str) -> None:
    chance = random.Random(dialect)
    family, path = CALLS[dialect]
    goldens = [each for each in golden_exchanges() if each.dialect == dialect]
    sent: list[tuple[bytes, bytes]] = []
    for _ in range(TIMES):
        golden = chance.choice(goldens)
        media_type = golden.expected["response"]["content_type"].encode()
        sent.append((media_type, broken(golden.response, chance)))

    async def serve(connection: Connection) -> None:
        for media_type, body in sent:
            await connection.read_head()
            await connection.read_body()
            await connection.send(HEAD % media_type)
            for piece in pieces(body, chance):
                await connection.send(chunk(piece))
            await connection.send(LAST_CHUNK)

    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, family, new_capture=Capture) as stand,
    ):
        for _, body in sent:
            async with stand.session.post(f"{stand.url}/up{path}", json={"model": "m"}) as reply:
                assert (reply.status, await reply.read()) == (200, body)
        records = await stand.sink.records(TIMES)
        assert not upstream.errors
    assert [each.response_bytes for each in records] == [len(body) for _, body in sent]
    assert "capture_failed" not in {note for each in stand.sink.finished for note in each.notes}
