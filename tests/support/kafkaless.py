"""Real Faust objects without a broker: an unstarted app, its consumer, and messages fed by hand.

`stock_app` is Faust as it comes, `engine_app` the same with our corrections; a contract test shows
what is wrong in the first and right in the second, so that an upgrade that changes either is seen.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import faust
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from app.engine.app import StreamApp
from app.engine.options import EngineOptions

GENERATION = 1
TOPIC = "source"


def options(data_dir: Path, **changes: Any) -> EngineOptions:
    """Options of an app that never connects."""
    values: dict[str, Any] = {
        "app_id": "kafkaless",
        "brokers": ("127.0.0.1:1",),
        "partitions": 4,
        "data_dir": data_dir,
    }
    return EngineOptions(**{**values, **changes})


@asynccontextmanager
async def stock_app(data_dir: Path, **settings: Any) -> AsyncIterator[faust.App]:
    """Faust as it comes, finalised and not started."""
    app = faust.App(
        "stock", broker="kafka://127.0.0.1:1", datadir=str(data_dir), autodiscover=False, **settings
    )
    async with _open(app) as opened:
        yield opened


@asynccontextmanager
async def engine_app(data_dir: Path, **changes: Any) -> AsyncIterator[StreamApp]:
    """Our app, finalised and not started, reading its first generation."""
    app = StreamApp(options(data_dir, **changes))
    async with _open(app) as opened:
        opened.reader.reading_generation = GENERATION
        opened.lease.renew(opened.lease.now_s())
        opened.reader.open_sources()
        yield opened


@asynccontextmanager
async def _open(app: Any) -> AsyncIterator[Any]:
    app.finalize()
    for directory in (app.conf.datadir, app.conf.appdir, app.conf.tabledir):
        directory.mkdir(parents=True, exist_ok=True)
    app.consumer_generation_id = GENERATION
    app.topics._acking_topics.add(TOPIC)
    app.flow_control.resume()
    try:
        yield app
    finally:
        for table in app.tables.values():
            if table._data is not None:
                await table.data.stop()
        loop = app.consumer._thread.thread_loop
        with suppress(RuntimeError):
            loop.close()


def message(offset: int, *, partition: int = 0, value: bytes | None = b"v") -> ConsumerMessage:
    """One message of the first generation."""
    return ConsumerMessage(
        TOPIC,
        partition,
        offset,
        1_700_000_000.0,
        0,
        [],
        b"k",
        value,
        None,
        tp=TP(TOPIC, partition),
        generation_id=GENERATION,
    )


def take(consumer: Any, *offsets: int, partition: int = 0) -> dict[int, ConsumerMessage]:
    """Messages that a stream has taken: tracked, referenced once, not acked."""
    taken = {}
    for offset in offsets:
        taken[offset] = message(offset, partition=partition)
        taken[offset].tracked = True
        taken[offset].incref()
        consumer._unacked_messages.add(taken[offset])
    return taken


def hold(app: StreamApp, table: str, *partitions: int) -> Any:
    """Open partitions of a table as if they were recovered and served; its store."""
    store = app._data(table)
    for partition in partitions:
        store._dbs[partition] = store._open_for_partition(partition)
    app._served = frozenset(partitions)
    return store
