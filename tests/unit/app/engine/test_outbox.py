import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.outbox import DeliveryError, Outbox


class Answers:
    """A client whose answers the test gives."""

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.futures: list[asyncio.Future[Any]] = []

    async def send(self, outgoing: Any) -> "asyncio.Future[Any]":
        self.topics.append(outgoing.topic)
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]

    def ack(self, index: int) -> None:
        self.futures[index].set_result(SimpleNamespace(partition=3, offset=100 + index))


@pytest.fixture
def client() -> Answers:
    return Answers()


@pytest.fixture
async def outbox(client: Answers) -> AsyncIterator[Outbox]:
    outbox = Outbox()
    outbox.send = client.send
    await outbox.start()
    yield outbox
    await outbox.stop()


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_messages_are_sent_in_the_order_they_were_queued(
    outbox: Outbox, client: Answers
) -> None:
    for name in "abc":
        outbox.add(name, None, None, b"v")
    assert outbox.size == 3
    await turns()
    assert client.topics == ["a", "b", "c"]
    assert outbox.size == 0


async def test_the_one_who_queued_hears_where_it_lies(outbox: Outbox, client: Answers) -> None:
    heard: list[tuple[int, int]] = []
    outbox.add("t", 3, b"k", b"v", lambda partition, offset: heard.append((partition, offset)))
    await turns()
    client.ack(0)
    await turns()
    assert heard == [(3, 100)]


async def test_a_barrier_over_nothing_is_open(outbox: Outbox) -> None:
    await outbox.barrier()
    await outbox.flush()
    assert await outbox.flush_atmost(1) == 0
    await outbox.wait_until_ebb()


async def test_there_is_room_until_a_limit_is_reached(outbox: Outbox, client: Answers) -> None:
    outbox.max_records = 2
    outbox.add("t", None, None, b"v")
    await outbox.room()
    outbox.add("t", None, None, b"v")
    waiting = asyncio.ensure_future(outbox.room())
    await turns()
    assert not waiting.done()
    client.ack(0)
    await waiting


async def test_bytes_are_a_limit_too(outbox: Outbox) -> None:
    outbox.max_bytes = 1000
    outbox.add("t", None, b"k", b"v" * 1000)
    assert not outbox.has_room


async def test_a_failure_is_told_once_and_wakes_everybody(outbox: Outbox, client: Answers) -> None:
    told: list[DeliveryError] = []
    outbox.on_failure = told.append
    outbox.max_records = 1
    outbox.add("t", None, None, b"1")
    outbox.add("t", None, None, b"2")
    room = asyncio.ensure_future(outbox.room())
    barrier = asyncio.ensure_future(outbox.barrier())
    await turns()
    client.futures[0].set_exception(RuntimeError("no"))
    client.futures[1].cancel()
    await room
    with pytest.raises(DeliveryError, match="t"):
        await barrier
    assert len(told) == 1
    assert outbox.failure is told[0]


async def test_a_send_that_raises_is_a_failure(outbox: Outbox) -> None:
    async def refuse(outgoing: Any) -> Any:
        raise OSError("too large")

    outbox.send = refuse
    outbox.add("t", None, None, b"v")
    with pytest.raises(DeliveryError, match="too large"):
        await outbox.barrier()


async def test_a_stop_is_no_failure_to_be_told_of(client: Answers) -> None:
    outbox = Outbox()
    outbox.send = client.send
    told: list[DeliveryError] = []
    outbox.on_failure = told.append
    await outbox.start()
    outbox.add("t", None, None, b"v")
    await outbox.stop()
    assert told == []
    with pytest.raises(DeliveryError):
        outbox.add("t", None, None, b"v")


async def test_what_faust_queues_gets_its_result(outbox: Outbox, client: Answers) -> None:
    message = SimpleNamespace(
        channel=SimpleNamespace(get_topic_name=lambda: "t"), key=b"k", value=b"v", partition=None
    )
    results: list[Any] = []
    outbox.put(SimpleNamespace(message=message, set_result=results.append))
    await turns()
    client.ack(0)
    await turns()
    assert results == [("t", 3, 100)]


async def test_a_long_queue_gives_the_loop_back(
    outbox: Outbox, client: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("app.engine.outbox.monotonic", lambda: next(clock))
    for _ in range(10):
        outbox.add("t", None, None, b"v")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < len(client.topics) < 10
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(client.topics) == 10


async def test_messages_that_share_a_future_lie_one_behind_the_other(
    outbox: Outbox, client: Answers
) -> None:
    shared: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def send(outgoing: Any) -> "asyncio.Future[Any]":
        return shared

    outbox.send = send
    heard: list[tuple[int, int]] = []
    for _ in range(3):
        outbox.add("t", 3, b"k", b"v", lambda partition, offset: heard.append((partition, offset)))
    await turns()
    shared.set_result(SimpleNamespace(partition=3, offset=40))
    await turns()
    assert heard == [(3, 40), (3, 41), (3, 42)]
    assert outbox.marks.outstanding_records == 0
    await outbox.barrier()


async def test_rounds_are_apart_unless_somebody_waits(outbox: Outbox, client: Answers) -> None:
    submitted: list[int] = []

    async def submit() -> None:
        submitted.append(len(client.topics))

    outbox.submit = submit
    outbox.linger_s = 60.0
    outbox.add("first", None, None, b"v")
    await turns()
    for name in "ab":
        outbox.add(name, None, None, b"v")
    await turns()
    assert submitted == [1]
    waiting = asyncio.ensure_future(outbox.barrier())
    await turns()
    assert submitted == [1, 3]
    for index in range(3):
        client.ack(index)
    await waiting


async def test_what_is_queued_while_a_round_goes_out_goes_with_the_next(
    outbox: Outbox, client: Answers
) -> None:
    submitted: list[list[str]] = []

    async def submit() -> None:
        if not submitted:
            outbox.add("later", None, None, b"v")
        submitted.append(list(client.topics))

    outbox.submit = submit
    outbox.add("now", None, None, b"v")
    await turns()
    assert submitted == [["now"], ["now", "later"]]
