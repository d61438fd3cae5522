"""A fallback's outlet against a real ingest endpoint: what an outlet must do, with real records.

Its messages must be records and bodies, so it has the suite of `test_outlets.py` for itself.
"""

from collections.abc import AsyncIterator

import pytest

from app.record.topics import Topics
from proxy.publisher.encoding import body_message, record_message
from proxy.publisher.fallback_outlet import FallbackOutlet
from proxy.publisher.outgoing import Outgoing
from tests.support.finished import finished
from tests.support.ingest import TOKEN, TOPICS, Backend

Stand = tuple[FallbackOutlet, Backend]
HERE = Topics("a")


def records(count: int) -> list[Outgoing]:
    """Messages of so many records."""
    return [record_message(finished(number).draft, HERE) for number in range(count)]


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """An outlet to a backend that serves."""
    backend = Backend()
    async with backend.served() as url:
        outlet = FallbackOutlet(url, token=TOKEN, timeout_s=5, topics=HERE)
        yield outlet, backend
        await outlet.close()


async def test_an_empty_batch_has_no_results(stand: Stand) -> None:
    outlet, backend = stand
    assert await outlet.deliver([]) == []
    assert backend.outlet.taken == []


async def test_each_message_has_its_result_and_arrives_in_order(stand: Stand) -> None:
    """Keys and values as they were."""
    outlet, backend = stand
    batch = records(50)
    assert await outlet.deliver(batch) == ["delivered"] * 50
    arrived = backend.outlet.on(TOPICS.exchanges)
    assert [(m.key, m.value) for m in arrived] == [(m.key, m.value) for m in batch]


async def test_a_batch_twice_arrives_twice(stand: Stand) -> None:
    """Under the same ids, by which the duplicate is found later."""
    outlet, backend = stand
    for _ in range(2):
        await outlet.deliver(records(1))
    first, second = backend.outlet.taken
    assert first == second


async def test_bodies_arrive_byte_by_byte(stand: Stand) -> None:
    """Of any size that a body has."""
    outlet, backend = stand
    exchanges = [finished(number, size) for number, size in enumerate((1, 1000, 1 << 20))]
    batch = [body_message(each.bodies, HERE) for each in exchanges if each.bodies is not None]
    assert await outlet.deliver(batch) == ["delivered"] * 3
    assert [m.value for m in backend.outlet.on(TOPICS.bodies)] == [m.value for m in batch]


async def test_starting_and_closing_twice_is_harmless(stand: Stand) -> None:
    """Before and after a delivery."""
    outlet, _ = stand
    assert await outlet.start()
    assert await outlet.deliver(records(1)) == ["delivered"]
    assert await outlet.start()
    await outlet.close()
    await outlet.close()
