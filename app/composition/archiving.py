"""The archive of bodies: its store, the agents `archive` and `index`, the route that reads back."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from agents import index
from agents.archive import archive_agent
from agents.index import index_agent
from agents.letter_limit import LetterLimit
from app.clock import Clock, SystemClock
from app.composition.feature import NoFeature
from app.engine.contracts import BatchLimits, StreamApp
from app.metrics import Metrics
from app.record.topics import Topics
from app.sinks.archive.location_row import COLUMNS, TABLE
from app.sinks.archive.locations import AnalyticsLocations, Locations, NoLocations
from app.sinks.archive.reading import BodyReader
from app.sinks.archive.s3 import S3Store
from app.sinks.archive.sink import ArchiveSink
from app.sinks.archive.store import ObjectStore
from app.sinks.clickhouse.protocol import Analytics
from app.sinks.clickhouse.table_sink import TableSink
from app.sinks.watch import SinkWatch
from app.tasks import spawn
from app.views.bodies import BodyView
from app.views.health import Part
from config import Settings
from config.archive_sections import ArchiveSettings

logger = logging.getLogger(__name__)
CHECK_EVERY_S = 5.0
INDEX_DELAY_S = 60.0


class Archiving(NoFeature):
    """The archive of a process with a stream side.

    Without a store nothing is archived: bodies stay on their topic until it forgets them. Without
    an analytics engine they are archived, and cannot be found by their id until there is one.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        analytics: Analytics | None,
        *,
        store: ObjectStore | None = None,
        clock: Clock | None = None,
        letter_limit: LetterLimit | None = None,
    ) -> None:
        """Nothing is connected. `store` takes the place of that of the settings."""
        if store is None and settings.s3.endpoint_url is not None:
            store = S3Store(settings.s3)
        self._settings = settings.archive
        self._topics = Topics(settings.kafka.topic_prefix)
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._letter_limit = letter_limit
        self._store = store
        self._analytics = analytics
        self._sink = None if store is None else ArchiveSink(store, metrics)
        self._rows = None
        if analytics is not None:
            self._rows = TableSink(analytics, TABLE, COLUMNS, name=index.NAME)
        self._sinks: list[ArchiveSink | TableSink] = [s for s in (self._sink, self._rows) if s]
        self._watches = {sink.name: _watch(sink, metrics) for sink in self._sinks}
        self._checking: asyncio.Task[None] | None = None

    def attach(self, app: StreamApp, epoch: str) -> None:
        """Register the agents whose sinks there are."""
        del epoch
        shared: dict[str, Any] = {
            "clock": self._clock,
            "metrics": self._metrics,
            "letter_limit": self._letter_limit,
        }
        if self._sink is not None:
            agent = archive_agent(
                self._sink, app, self._topics, watch=self._watches[self._sink.name], **shared
            )
            agent.register(app, self._topics.bodies, limits_of(self._settings))
        if self._rows is not None:
            rows = index_agent(
                self._rows, app, self._topics, watch=self._watches[self._rows.name], **shared
            )
            rows.register(app, self._topics.archived, index.LIMITS)

    def register(self, web_app: web.Application) -> None:
        """Add the route."""
        BodyView(self.reader()).register(web_app)

    def reader(self) -> BodyReader | None:
        """What reads bodies back; None without a store."""
        if self._store is None:
            return None
        locations: Locations = NoLocations()
        if self._analytics is not None:
            locations = AnalyticsLocations(self._analytics)
        delay_s = self._settings.batch_age_s + INDEX_DELAY_S
        return BodyReader(self._store, locations, self._clock, delay_s=delay_s)

    def parts(self) -> Sequence[Part]:
        """The sinks."""
        return [watch.part() for watch in self._watches.values()]

    async def start(self) -> None:
        """Ask store and engine in the background, and again while they are in trouble."""
        if self._sink is None:
            logger.info("no archive: TAILRACE_S3__ENDPOINT_URL names no object store")
        self._checking = spawn(self._check(), name="archive-check")

    async def stop(self) -> None:
        """Let go of the store, and of the engine."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait({self._checking})
        if self._rows is not None:
            await self._rows.close()
        if self._analytics is not None:
            await self._analytics.close()
        if self._store is not None:
            await self._store.close()

    async def _check(self) -> None:
        while True:
            ill = [sink for sink in self._sinks if sink.state != "ok"]
            await asyncio.gather(*(sink.start() for sink in ill))
            await asyncio.sleep(CHECK_EVERY_S)


def limits_of(settings: ArchiveSettings) -> BatchLimits:
    """When a batch of a partition is written."""
    return BatchLimits(settings.batch_records, settings.batch_bytes, settings.batch_age_s)


def _watch(sink: ArchiveSink | TableSink, metrics: Metrics) -> SinkWatch:
    return SinkWatch(sink.name, lambda: sink.state, metrics)
