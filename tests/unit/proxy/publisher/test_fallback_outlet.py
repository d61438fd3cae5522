"""Another Tailrace as a way out: what arrives there, and answers that are no answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web

from app.record.keys import exchange_key
from app.record.topics import Topics
from proxy.publisher.encoding import body_message, record_message
from proxy.publisher.fallback_outlet import SLICE_BYTES, FallbackOutlet
from proxy.publisher.outgoing import Outgoing
from tests.support.finished import finished
from tests.support.ingest import TOKEN, TOPICS, Backend
from tests.support.web_server import served

HERE = Topics("a")


def messages(count: int) -> list[Outgoing]:
    """Bodies, then records, as the publisher sends them."""
    exchanges = [finished(number, 100) for number in range(count)]
    bodies = [body_message(each.bodies, HERE) for each in exchanges if each.bodies is not None]
    return [*bodies, *(record_message(each.draft, HERE) for each in exchanges)]


@asynccontextmanager
async def fallback(url: str, token: str | None = TOKEN) -> AsyncIterator[FallbackOutlet]:
    """An outlet to a server, closed at the end."""
    outlet = FallbackOutlet(url, token=token, timeout_s=5, topics=HERE)
    yield outlet
    await outlet.close()


@pytest.mark.parametrize("path", ["", "/", "/api/v1/log", "/api/v1/log/"])
async def test_messages_arrive_byte_by_byte(path: str) -> None:
    """On the topics that the other side has; its URL may be that of the route."""
    backend, batch = Backend(), messages(3)
    async with backend.served() as url, fallback(url + path) as outlet:
        assert await outlet.deliver(batch) == ["delivered"] * 6
    names = {HERE.exchanges: TOPICS.exchanges, HERE.bodies: TOPICS.bodies}
    expected = [replace(message, topic=names[message.topic]) for message in batch]
    assert backend.outlet.taken == expected


async def test_a_rejected_message_takes_no_neighbour_with_it() -> None:
    """It is a retry: the broker may think otherwise."""
    backend, batch = Backend(), messages(2)
    batch[2] = replace(batch[2], value=b'{"schema_version": 99}')
    async with backend.served() as url, fallback(url) as outlet:
        assert await outlet.deliver(batch) == ["delivered", "delivered", "retry", "delivered"]


async def test_large_batches_are_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was durable before a failure stays so."""
    monkeypatch.setattr("proxy.publisher.fallback_outlet.REQUEST_BYTES", 1000)
    backend, batch = Backend(), messages(4)
    async with backend.served() as url, fallback(url) as outlet:
        assert await outlet.deliver(batch) == ["delivered"] * 8
        backend.outlet.down_topics.add(TOPICS.exchanges)
        assert await outlet.deliver(batch) == ["delivered"] * 4 + ["retry"] * 4
    assert backend.metrics.registry.get_sample_value(
        "tailrace_ingested_total", {"result": "accepted"}
    )


async def test_what_is_larger_than_a_slice_arrives_byte_by_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of any length: base64 takes three bytes at a time."""
    monkeypatch.setattr("proxy.publisher.fallback_outlet.SLICE_BYTES", 6)
    backend, exchanges = Backend(), [finished(size, size) for size in range(100, 120)]
    batch = [body_message(each.bodies, HERE) for each in exchanges if each.bodies is not None]
    assert {len(message.value) % 3 for message in batch} == {0, 1, 2}
    async with backend.served() as url, fallback(url) as outlet:
        assert await outlet.deliver(batch) == ["delivered"] * 20
    assert [each.value for each in backend.outlet.taken] == [each.value for each in batch]


async def test_others_have_their_turn_before_a_large_batch_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once for each slice of it."""
    turns: list[int] = []
    slices, turn = 20, 0

    async def posted(*_: object) -> None:
        turns.append(turn)

    async with fallback("http://127.0.0.1:1") as outlet:
        monkeypatch.setattr(outlet, "_post", posted)
        batch = [Outgoing(HERE.bodies, b"k", bytes(SLICE_BYTES * slices))]
        delivery = asyncio.ensure_future(outlet.deliver(batch))
        while not delivery.done():
            await asyncio.sleep(0)
            turn += 1
        assert await delivery == ["retry"]
    assert turns[0] >= slices


async def test_one_that_is_given_up_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled while its lines are made."""
    backend = Backend()
    async with backend.served() as url, fallback(url) as outlet:
        batch = [Outgoing(HERE.bodies, b"k", bytes(SLICE_BYTES * 3))]
        delivery = asyncio.ensure_future(outlet.deliver(batch))
        await asyncio.sleep(0)
        delivery.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivery
        assert await outlet.deliver(messages(1)) == ["delivered"] * 2
    assert len(backend.outlet.taken) == 2


async def test_without_the_token_records_go_and_bodies_do_not() -> None:
    """The other side gives ids of its own."""
    backend, batch = Backend(), messages(1)
    async with backend.served() as url, fallback(url, None) as outlet:
        assert await outlet.deliver(batch) == ["retry", "delivered"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, {"accepted": 1, "duplicates": 0, "rejected": []}),
        (202, {"accepted": 2, "duplicates": 0, "rejected": []}),
        (202, {"accepted": 0, "duplicates": 0, "rejected": [{"index": 7}]}),
        (202, {"accepted": 1}),
        (202, {"accepted": "1", "duplicates": 0, "rejected": []}),
        (202, []),
        (202, None),
        (302, {}),
        (401, {}),
        (500, {}),
    ],
)
async def test_nothing_but_a_sound_202_is_durable(
    status: int, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything else is a retry, and said once."""

    async def log(request: web.Request) -> web.Response:
        await request.read()
        body = b"not JSON" if answer is None else orjson.dumps(answer)
        return web.Response(status=status, body=body, headers={"Location": "/elsewhere"})

    web_app = web.Application()
    web_app.router.add_post("/api/v1/log", log)
    async with served(web_app) as url, fallback(url) as outlet:
        for _ in range(2):
            assert await outlet.deliver(messages(1)[1:]) == ["retry"]
    assert caplog.text.count("takes nothing") == 1


async def test_a_backend_that_is_away_is_a_retry() -> None:
    """Refused at once; ready again when it is back."""
    backend = Backend()
    async with backend.served() as url, fallback(url) as outlet:
        backend.outlet.down = True
        assert await outlet.deliver(messages(1)) == ["retry"] * 2
        backend.outlet.down = False
        assert await outlet.deliver(messages(1)) == ["delivered"] * 2
    async with fallback("http://127.0.0.1:1") as outlet:
        assert await outlet.start()
        assert await outlet.deliver(messages(1)) == ["retry"] * 2


def test_the_key_is_made_anew_there() -> None:
    """From the record itself, which has all it is made of."""
    made, record = finished(0).draft, finished(0).record
    message = record_message(made, HERE)
    assert message.key == exchange_key(record.tenant, record.user, record.request_id)
    assert message.value == made.encode()
