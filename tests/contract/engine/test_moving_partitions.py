"""Records that come while partitions move: stock Faust drops them, or reads them out of turn."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from app.engine.app import StreamApp
from app.engine.consumer_thread import Fetched
from app.engine.fetching import OffsetsWentBackError
from tests.support.fetched import OTHER, SOURCE, offsets_in, record, subscribe
from tests.support.kafkaless import GENERATION, engine_app, stock_app, take


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path, buffer_records=10, buffer_bytes=1000) as app:
        yield app


class Client:
    """As much of the Kafka client as a fetch and a seek need."""

    def __init__(self, records: Any, on_fetch: Any) -> None:
        self.sought: dict[Any, int] = {}
        self.assigned = set(records)
        self._records = records
        self._on_fetch = on_fetch
        self._closed = False
        self._fetcher = SimpleNamespace(
            _closed=False,
            _subscriptions=SimpleNamespace(fetch_context=lambda: _Context()),
            fetched_records=self._fetched_records,
        )

    async def _fetched_records(self, *args: Any, **kwargs: Any) -> Any:
        self._on_fetch()
        return self._records

    def seek(self, tp: Any, offset: int) -> None:
        if tp not in self.assigned:
            raise IllegalStateError(f"{tp} is not assigned")
        self.sought[tp] = offset


class _Context:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


async def test_stock_consumes_records_that_nobody_will_see(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as stock:
        await subscribe(stock, SOURCE)
        client = Client({SOURCE: [record(SOURCE, 7)]}, stock.consumer.stop_flow)
        thread: AIOKafkaConsumerThread = stock.consumer._thread
        records = await thread._fetch_records(client, {SOURCE})
        assert [each.offset for each in records[SOURCE]] == [7]
        assert client.sought == {}


async def test_records_read_while_the_flow_stops_are_put_back(app: StreamApp) -> None:
    await subscribe(app, SOURCE)
    client = Client(
        {SOURCE: [record(SOURCE, 7), record(SOURCE, 8)], OTHER: [record(OTHER, 1)]},
        app.consumer.stop_flow,
    )
    client.assigned.discard(OTHER)
    fetched = await app.reader.client_thread._fetch_records(client, {SOURCE})
    assert fetched == Fetched(GENERATION, {})
    assert client.sought == {SOURCE: 7}


async def test_records_read_across_a_rebalance_are_put_back(app: StreamApp) -> None:
    await subscribe(app, SOURCE)

    def rebalance() -> None:
        app.consumer_generation_id = GENERATION + 1

    client = Client({SOURCE: [record(SOURCE, 7)]}, rebalance)
    fetched = await app.reader.client_thread._fetch_records(client, {SOURCE})
    assert fetched.records == {}
    assert client.sought == {SOURCE: 7}


async def test_records_of_another_generation_are_not_delivered(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE)
    await app.reader._deliver(Fetched(GENERATION - 1, {SOURCE: [record(SOURCE, 0)]}))
    assert offsets_in(channels[SOURCE]) == []
    assert app.reader._read_offset[SOURCE] is None


async def test_delivery_stops_where_the_flow_stops(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE)
    deliver = app.consumer.callback
    delivered: list[int] = []

    async def stop_after_two(each: Any) -> None:
        await deliver(each)
        delivered.append(each.offset)
        if len(delivered) == 2:
            app.consumer.stop_flow()

    app.reader.callback = stop_after_two
    await app.reader._deliver(
        Fetched(GENERATION, {SOURCE: [record(SOURCE, offset) for offset in range(5)]})
    )
    assert offsets_in(channels[SOURCE]) == [0, 1]
    assert app.reader._read_offset[SOURCE] == 0


async def test_stock_reads_a_source_that_recovery_is_about_to_seek(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as stock:
        await subscribe(stock, SOURCE)
        stock.consumer.pause_partitions({SOURCE})
        fetched_while_seeking: list[set[TP]] = []

        async def seek() -> None:
            fetched_while_seeking.append(set(stock.consumer._get_active_partitions()))

        await _complete_recovery(stock, seek)
        assert fetched_while_seeking == [{SOURCE}]


async def test_a_source_is_read_only_when_recovery_has_sought_and_cleared(app: StreamApp) -> None:
    await subscribe(app, SOURCE)
    app.consumer.pause_partitions({SOURCE})
    app.reader.close_sources()
    fetched_while_seeking: list[set[TP]] = []

    async def seek() -> None:
        fetched_while_seeking.append(app.reader.fetchable())

    await _complete_recovery(app, seek)
    assert fetched_while_seeking == [set()]
    assert app.reader.fetchable() == {SOURCE}


async def test_a_recovery_that_was_overtaken_opens_no_source(app: StreamApp) -> None:
    await subscribe(app, SOURCE)

    async def revoked_meanwhile() -> None:
        app.reader._leave()

    await _complete_recovery(app, revoked_meanwhile)
    assert app.reader.fetchable() == set()


async def _complete_recovery(app: Any, seek: Any) -> None:
    """Run the end of Faust's recovery, with `seek` in place of the seek to committed offsets."""

    async def started() -> None: ...

    app.consumer.assignment = lambda: {SOURCE}
    app.consumer.perform_seek = seek
    app._fetcher.maybe_start = started
    app.tables.recovery._generation_id = GENERATION
    await app.tables.recovery.on_recovery_completed(GENERATION)


async def test_stock_drops_what_comes_after_offsets_went_back(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as stock:
        channels = await subscribe(stock, SOURCE)
        consumer: Any = stock.consumer
        consumer._read_offset[SOURCE] = 1000
        batches = iter([{SOURCE: [record(SOURCE, 0)]}])

        async def getmany(active_partitions: Any, timeout: float) -> Any:
            for batch in batches:
                return batch
            stock._fetcher._stopped.set()
            return {}

        consumer._getmany = getmany
        consumer.highwater = lambda tp: 1
        await consumer._drain_messages(stock._fetcher)
        assert offsets_in(channels[SOURCE]) == []


async def test_offsets_that_go_back_end_the_incarnation(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE)
    await app.reader._deliver(Fetched(GENERATION, {SOURCE: [record(SOURCE, 7)]}))
    with pytest.raises(OffsetsWentBackError):
        await app.reader._deliver(Fetched(GENERATION, {SOURCE: [record(SOURCE, 0)]}))
    assert offsets_in(channels[SOURCE]) == [7]


async def test_offsets_below_what_this_incarnation_committed_end_it(app: StreamApp) -> None:
    channels = await subscribe(app, SOURCE)
    app.reader._settle({SOURCE: 100})
    app.reader.close_sources()
    app.reader.open_sources()
    with pytest.raises(OffsetsWentBackError):
        await app.reader._deliver(Fetched(GENERATION, {SOURCE: [record(SOURCE, 0)]}))
    assert offsets_in(channels[SOURCE]) == []


async def test_offsets_below_the_committed_one_are_delivered_and_committed(app: StreamApp) -> None:
    await subscribe(app, SOURCE)
    app.reader._committed_offset[SOURCE] = 1000
    await app.reader._deliver(Fetched(GENERATION, {SOURCE: [record(SOURCE, 0)]}))
    take(app.reader, 0)[0].ack(app.reader)
    assert app.reader._new_offset(SOURCE) == 1
    assert app.reader._should_commit(SOURCE, 1)


async def test_stock_faust_empties_the_queues_whenever_a_recovery_is_complete(
    tmp_path: Path,
) -> None:
    """What standbys had just read was lost with it."""
    async with stock_app(tmp_path) as app:
        app.tables.changelog_queue.put_nowait("a change for a standby")
        app.flow_control.resume()
        assert app.tables.changelog_queue.empty()


async def test_what_standbys_read_stays_when_a_recovery_is_complete(app: StreamApp) -> None:
    queue = app.tables.changelog_queue
    queue.put_nowait("a change for a standby")
    app.flow_control.resume()
    assert queue.qsize() == 1
    app.flow_control.suspend()
    app.flow_control.resume()
    assert queue.empty()
