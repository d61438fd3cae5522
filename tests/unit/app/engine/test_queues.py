from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from mode.utils.queues import FlowControlEvent

from app.engine.queues import BoundedQueue
from app.engine.slices import Slice


def event(size_bytes: int) -> Any:
    return SimpleNamespace(message=SimpleNamespace(key=None, value=b"x" * size_bytes))


@pytest.fixture
def rooms() -> list[None]:
    return []


@pytest.fixture
def queue(rooms: list[None]) -> BoundedQueue:
    flow = FlowControlEvent()
    flow.resume()
    return BoundedQueue(
        max_records=4, max_bytes=100, on_room=lambda: rooms.append(None), flow_control=flow
    )


async def test_it_takes_more_than_its_limit(queue: BoundedQueue) -> None:
    for _ in range(10):
        await queue.put(event(1))
        assert not queue.full()
    assert queue.is_full


def test_it_is_full_until_half_of_it_is_taken(queue: BoundedQueue, rooms: list[None]) -> None:
    for _ in range(4):
        queue.put_nowait_enhanced(event(1))
    assert queue.is_full
    queue.get_nowait()
    assert queue.is_full
    assert rooms == []
    queue.get_nowait()
    assert not queue.is_full
    assert rooms == [None]


def test_bytes_count(queue: BoundedQueue) -> None:
    queue.put_nowait_enhanced(event(60))
    assert not queue.is_full
    queue.put_nowait_enhanced(event(60))
    assert queue.is_full
    queue.get_nowait()
    assert queue.is_full
    queue.get_nowait()
    assert not queue.is_full
    assert queue.held_bytes == 0


def test_a_cleared_queue_weighs_nothing(queue: BoundedQueue, rooms: list[None]) -> None:
    queue.put_nowait_enhanced(event(500))
    assert queue.is_full
    queue.clear()
    assert not queue.is_full
    assert queue.held_bytes == 0
    assert rooms == [None]


def test_things_without_a_message_weigh_nothing(queue: BoundedQueue) -> None:
    queue.put_nowait("word")
    assert queue.held_bytes == 0
    assert queue.get_nowait() == "word"


def test_a_slice_counts_as_what_is_in_it(queue: BoundedQueue) -> None:
    record = SimpleNamespace(offset=0, timestamp=0, timestamp_type=0, key=b"k", value=b"123456789")
    queue.put_nowait_enhanced(SimpleNamespace(message=Slice(TP("t", 0), [record] * 3, 1)))
    assert (queue.held_records, queue.held_bytes) == (3, 30)
    assert not queue.is_full
    queue.put_nowait_enhanced(SimpleNamespace(message=Slice(TP("t", 0), [record], 1)))
    assert queue.is_full
    queue.get_nowait()
    assert (queue.held_records, queue.held_bytes) == (1, 10)
    assert not queue.is_full
