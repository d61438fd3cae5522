import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.batches import Batches, OversizedError
from app.partitioning import partition_of
from tests.support.batches import Builder


class Client:
    """As much of aiokafka's producer as batches need."""

    def __init__(self, room: int = 1000) -> None:
        self._room = room
        self.sent: list[tuple[str, int, list[Any]]] = []
        self.futures: list[asyncio.Future[Any]] = []

    def create_batch(self) -> Builder:
        return Builder(self._room)

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> Any:
        assert batch.is_closed
        self.sent.append((topic, partition, [key for key, _ in batch.messages]))
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]

    async def partitions_for(self, topic: str) -> set[int]:
        return {2, 0, 1}


def batches(client: Client, max_request_bytes: int = 1000) -> Batches:
    return Batches(lambda: client, max_request_bytes)


async def test_messages_of_a_partition_share_a_batch_and_its_future() -> None:
    client = Client()
    made = batches(client)
    first = await made.add("t", 1, b"a", b"")
    other = await made.add("t", 2, b"b", b"")
    assert await made.add("t", 1, b"c", b"") is first
    assert other is not first
    assert client.sent == []
    await made.submit()
    assert client.sent == [("t", 1, [b"a", b"c"]), ("t", 2, [b"b"])]
    answer = SimpleNamespace(offset=7)
    client.futures[0].set_result(answer)
    assert await first is answer
    assert not other.done()


async def test_what_does_not_fit_goes_behind_the_first() -> None:
    client = Client(room=2)
    made = batches(client)
    taken = [await made.add("t", 0, bytes([each]), b"") for each in range(5)]
    await made.submit()
    assert client.sent == [
        ("t", 0, [b"\x00", b"\x01"]),
        ("t", 0, [b"\x02", b"\x03"]),
        ("t", 0, [b"\x04"]),
    ]
    assert len(set(taken)) == 3


async def test_a_round_begins_new_batches() -> None:
    client = Client()
    made = batches(client)
    for _ in range(2):
        await made.add("t", 0, b"k", b"")
        await made.submit()
    await made.submit()
    assert client.sent == [("t", 0, [b"k"]), ("t", 0, [b"k"])]


async def test_a_key_goes_where_all_producers_bring_it() -> None:
    client = Client()
    made = batches(client)
    for key in (b"alice", b"bob", b"01J"):
        await made.add("t", None, key, b"")
    await made.add("t", None, None, b"no key")
    await made.submit()
    found = {key: partition for _, partition, keys in client.sent for key in keys}
    assert found.pop(None) in range(3)
    assert found == {key: partition_of(key, 3) for key in found}


async def test_an_error_and_an_end_are_passed_on() -> None:
    client = Client()
    made = batches(client)
    failed, ended = await made.add("t", 0, b"", b""), await made.add("t", 1, b"", b"")
    await made.submit()
    client.futures[0].set_exception(OSError("gone"))
    client.futures[1].cancel()
    with pytest.raises(OSError, match="gone"):
        await failed
    with pytest.raises(asyncio.CancelledError):
        await ended


async def test_a_message_that_no_request_holds_is_refused() -> None:
    with pytest.raises(OversizedError, match="t"):
        await batches(Client(), max_request_bytes=1000).add("t", 0, b"k", b"v" * 900)
