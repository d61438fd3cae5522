"""The relay that is an upper bound passes messages on unchanged, however they are cut."""

from typing import Any

import pytest

from tests.bench.bare_protocol import Client, Upstream
from tests.bench.canned_upstream import RESPONSE, STREAM, TOKEN, chunk
from tests.bench.load import request

REQUEST = request("/v1/chat/completions")
STREAMED = STREAM + chunk(TOKEN) * 3 + chunk(b"[DONE]") + b"0\r\n\r\n"


class Written:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("answer", [RESPONSE, STREAMED])
def test_messages_pass_unchanged(answer: bytes, size: int) -> None:
    """Twice on one connection."""
    up: Any = Upstream()
    idle = [up]
    client: Any = Client("127.0.0.1", 1, idle)
    for side in (up, client):
        side.connection_made(Written())
    for times in (1, 2):
        fed(client, REQUEST, size)
        assert up.transport.data == REQUEST * times
        assert not idle
        fed(up, answer, size)
        assert parted(client.transport.data) == parted(answer) * times
        assert idle == [up]


def fed(side: Any, data: bytes, size: int) -> None:
    """In pieces of so many bytes."""
    for start in range(0, len(data), size):
        side.data_received(data[start : start + size])


def parted(stream: bytes) -> list[bytes]:
    """Heads and bodies, chunks put together again."""
    found: list[bytes] = []
    while stream:
        head, _, stream = stream.partition(b"\r\n\r\n")
        found.append(head)
        if b"chunked" not in head:
            length = int(head.rpartition(b":")[2])
            found.append(stream[:length])
            stream = stream[length:]
            continue
        body = b""
        while (count := int((line := stream.partition(b"\r\n"))[0], 16)) > 0:
            body += line[2][:count]
            stream = line[2][count + 2 :]
        found.append(body)
        stream = line[2][2:]
    return found
