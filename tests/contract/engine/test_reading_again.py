"""What must wait for long is not held in memory: it is dropped, and read again when due."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from app.engine.app import StreamApp
from app.engine.consumer_thread import Fetched
from app.engine.contracts import Again
from tests.support.fetched import offsets_in, record, subscribe
from tests.support.kafkaless import GENERATION, TOPIC, engine_app
from tests.support.sinking import Recording, fed_app, until

SOURCE, NEIGHBOUR = TP(TOPIC, 0), TP(TOPIC, 1)


class Client:
    """The Kafka client of the thread: notes seeks; its thread is this loop."""

    def __init__(self, app: StreamApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seeks: list[tuple[Any, int]] = []
        thread = app.reader.client_thread
        monkeypatch.setattr(thread, "_consumer", self)

        async def call_thread(function: Any, *args: Any) -> Any:
            return await function(*args)

        monkeypatch.setattr(thread, "call_thread", call_thread)

    def seek(self, tp: Any, offset: int) -> None:
        """As the client's."""
        self.seeks.append((tp, offset))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[StreamApp]:
    async with engine_app(tmp_path) as app:
        yield app


async def test_a_partition_is_sought_and_what_was_fetched_of_it_dropped(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(app, monkeypatch)
    channels = await subscribe(app, SOURCE, NEIGHBOUR)
    records = {tp: [record(tp, offset) for offset in range(4)] for tp in (SOURCE, NEIGHBOUR)}
    await app.reader._deliver(Fetched(GENERATION, records))
    done: list[int] = []
    app.reader.rewind(SOURCE, 2, lambda: done.append(1))
    await app.reader._carry_out_rewinds()
    assert client.seeks == [(SOURCE, 2)]
    assert done == [1]
    for channel in {*channels.values()}:
        kept = [each.message.tp for each in channel.queue._queue]
        assert set(kept) == {NEIGHBOUR}
        assert channel.queue.held_bytes == len(kept) * 2
    await app.reader._deliver(Fetched(GENERATION, {SOURCE: records[SOURCE][2:]}))
    assert offsets_in(channels[SOURCE])[-2:] == [2, 3]
    assert app.failure is None


async def test_nothing_is_sought_while_partitions_move(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(app, monkeypatch)
    await subscribe(app, SOURCE)
    done: list[int] = []
    app.reader.rewind(SOURCE, 2, lambda: done.append(1))
    app.reader.flow_active = False
    await app.reader._carry_out_rewinds()
    assert (client.seeks, done) == ([], [])
    app.reader._leave()
    app.reader.flow_active = True
    await app.reader._carry_out_rewinds()
    assert (client.seeks, done) == ([], [])


async def test_a_generation_that_began_meanwhile_is_not_sought(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(app, monkeypatch)
    assert await app.reader.client_thread._read_again(SOURCE, 2, GENERATION)
    assert not await app.reader.client_thread._read_again(SOURCE, 2, GENERATION - 1)
    assert client.seeks == [(SOURCE, 2)]


async def test_a_long_wait_holds_nothing_and_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fed_app(tmp_path, sink_hold_s=0.1) as fed:
        client = Client(fed.app, monkeypatch)
        fed.app.reader.flow_active = True
        sink = Recording()
        sink.again = {1: Again("tomorrow", 0.3)}
        fed.batches(sink)
        await fed.feed(0, 1, 2)
        await until(lambda: bool(fed.app.reader._rewinds))
        assert fed.taken == set()
        assert fed.acked() == [0]
        assert SOURCE in fed.app.reader.held
        await fed.feed(3)
        await until(lambda: fed.channel.queue.empty())
        assert fed.taken == set()
        await fed.app.reader._carry_out_rewinds()
        assert client.seeks == [(SOURCE, 1)]
        assert SOURCE in fed.app.reader.held
        await until(lambda: SOURCE not in fed.app.reader.held)
        sink.again = {}
        await fed.feed(1, 2, 3)
        await until(lambda: fed.acked() == [0, 1, 2, 3])
        assert sink.attempts == [[0, 1, 2], [1, 3]]


async def test_revoked_while_it_waits_nothing_wakes_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fed_app(tmp_path, sink_hold_s=0.01) as fed:
        Client(fed.app, monkeypatch)
        sink = Recording()
        sink.again = {0: Again("tomorrow", 0.05)}
        fed.batches(sink)
        await fed.feed(0)
        await until(lambda: bool(fed.app.reader._rewinds))
        rewind = fed.app.reader._rewinds[SOURCE]
        fed.app.reader._leave()
        rewind.done()
        assert fed.app.async_loops[0]._tracks == {}
        assert fed.app.reader._rewinds == {}
