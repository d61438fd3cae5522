"""From the Kafka client to the streams: pauses that last, full buffers that block nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.engine.app import StreamApp
from app.engine.consumer_thread import Fetched
from tests.support.fetched import OTHER, SOURCE, offsets_in, record, subscribe
from tests.support.kafkaless import GENERATION, TOPIC, engine_app, message, stock_app


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path, buffer_records=10, buffer_bytes=1000) as app:
        yield app


# -- pauses


async def test_stock_pause_is_undone_by_a_drained_buffer(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as stock:
        await subscribe(stock, SOURCE)
        stock.consumer.on_buffer_full(SOURCE)
        stock.consumer.pause_partitions({SOURCE})
        stock.consumer.on_buffer_drop(SOURCE)
        assert SOURCE in stock.consumer._get_active_partitions()


async def test_a_pause_survives_a_drained_buffer_and_a_resumed_flow(app: StreamApp) -> None:
    await subscribe(app, SOURCE, OTHER)
    app.pause(TOPIC, 0)
    app.reader.on_buffer_full(SOURCE)
    app.reader.on_buffer_drop(SOURCE)
    app.consumer.resume_partitions({SOURCE, OTHER})
    assert app.reader.fetchable() == {OTHER}
    app.resume(TOPIC, 0)
    assert app.reader.fetchable() == {SOURCE, OTHER}


async def test_a_pause_ends_when_the_partition_is_revoked(app: StreamApp) -> None:
    await subscribe(app, SOURCE)
    app.pause(TOPIC, 0)
    app.reader._leave()
    app.reader.open_sources()
    assert app.reader.fetchable() == {SOURCE}


async def test_stock_drops_records_of_a_partition_paused_after_the_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stock_app(tmp_path) as stock:
        consumer: Any = stock.consumer
        await subscribe(stock, SOURCE)
        monkeypatch.setattr(consumer, "highwater", lambda tp: 3)

        async def getmany(active_partitions: Any, timeout: float) -> Any:
            return {SOURCE: [record(SOURCE, offset) for offset in range(3)]}

        monkeypatch.setattr(consumer, "_getmany", getmany)
        offsets = []
        async for _, each in consumer.getmany(1.0):
            offsets.append(each.offset)
            consumer.pause_partitions({SOURCE})
        assert offsets == [0]


async def test_records_of_a_partition_paused_after_the_fetch_are_delivered(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE)
    fetched = Fetched(GENERATION, {SOURCE: [record(SOURCE, offset) for offset in range(3)]})
    app.pause(TOPIC, 0)
    await app.reader._deliver(fetched)
    assert offsets_in(channels[SOURCE]) == [0, 1, 2]


# -- full buffers


async def test_stock_blocks_all_topics_when_one_buffer_is_full(tmp_path: Path) -> None:
    async with stock_app(tmp_path, stream_buffer_maxsize=2) as stock:
        await subscribe(stock, SOURCE)
        for offset in range(2):
            await stock.topics.on_message(message(offset))
        blocked = asyncio.ensure_future(stock.topics.on_message(message(2)))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not blocked.done()
        blocked.cancel()


async def test_a_full_buffer_leaves_its_topic_out_of_the_fetch(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE, OTHER)
    for offset in range(12):
        await app.topics.on_message(message(offset))
    assert app.reader.fetchable() == {OTHER}
    for _ in range(6):
        channels[SOURCE].queue.get_nowait()
    assert app.reader.fetchable() == {OTHER}
    channels[SOURCE].queue.get_nowait()
    assert app.reader.fetchable() == {SOURCE, OTHER}


async def test_a_buffer_is_full_by_bytes_long_before_it_is_full_by_count(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE, OTHER)
    await app.topics.on_message(message(0, value=b"x" * 1000))
    assert app.reader.fetchable() == {OTHER}
    channels[SOURCE].queue.get_nowait()
    assert app.reader.fetchable() == {SOURCE, OTHER}


async def test_stock_counts_no_bytes(tmp_path: Path) -> None:
    async with stock_app(tmp_path, stream_buffer_maxsize=10) as stock:
        await subscribe(stock, SOURCE)
        for offset in range(7):
            await stock.topics.on_message(message(offset, value=b"x" * 1_000_000))
        assert SOURCE in stock.consumer._get_active_partitions()


async def test_a_cleared_buffer_has_room_again(app: StreamApp) -> None:
    await subscribe(app, SOURCE)
    for offset in range(12):
        await app.topics.on_message(message(offset))
    assert app.reader.fetchable() == set()
    app.flow_control.clear()
    assert app.reader.fetchable() == {SOURCE}
