"""Analytics: the engine, the agent that fills it with exchanges, and the routes that ask it."""

import asyncio
import logging
from collections.abc import Sequence

from aiohttp import web

from agents import analyze
from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit
from app.analytics.row import COLUMNS, TABLE
from app.clock import Clock, SystemClock
from app.composition.feature import NoFeature
from app.engine.contracts import BatchLimits, StreamApp
from app.metrics import Metrics
from app.record.topics import Topics
from app.sinks.clickhouse.protocol import Analytics
from app.sinks.clickhouse.table_sink import TableSink
from app.sinks.watch import SinkWatch
from app.tasks import spawn
from app.views.analytics import AnalyticsViews
from app.views.health import Part
from config import Settings
from config.analytics_sections import AnalyticsSettings

logger = logging.getLogger(__name__)
CHECK_EVERY_S = 2.0
MOST_BETWEEN_CHECKS_S = 30.0


class Analysis(NoFeature):
    """The analytics of a process with a stream side.

    Without an engine facts stay on their topic until it forgets them, and the routes say so.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        engine: Analytics | None,
        clock: Clock | None = None,
        *,
        letter_limit: LetterLimit | None = None,
    ) -> None:
        """Nothing is connected; the engine is closed with this feature."""
        self._settings = settings.analytics
        self._topics = Topics(settings.kafka.topic_prefix)
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._engine = engine
        self._letter_limit = letter_limit
        self._checking: asyncio.Task[None] | None = None
        self._sink: TableSink | None = None
        if engine is not None:
            self._sink = sink = TableSink(engine, TABLE, COLUMNS, name=analyze.NAME)
            self._watch = SinkWatch(sink.name, lambda: sink.state, metrics)

    def attach(self, app: StreamApp, epoch: str) -> None:
        """Register the agent on `facts`."""
        del epoch
        if self._sink is None:
            return
        dead = DeadLetters(
            app,
            self._topics.dead_letters,
            stage=analyze.NAME,
            clock=self._clock,
            metrics=self._metrics,
            limit=self._letter_limit,
        )
        agent = analyze.agent_of(self._sink, dead=dead, watch=self._watch, clock=self._clock)
        agent.register(app, self._topics.facts, limits_of(self._settings))

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        timeout_s = self._settings.query_timeout_s
        AnalyticsViews(self._engine, self._clock, timeout_s).register(web_app)

    def parts(self) -> Sequence[Part]:
        """The sink, which is the engine as well."""
        return [] if self._sink is None else [self._watch.part()]

    async def start(self) -> None:
        """Open the engine in the background, and look after it while it is in trouble."""
        if self._engine is None:
            logger.info("no analytics: TAILRACE_ANALYTICS__URL names no engine")
            return
        self._checking = spawn(self._check(self._engine), name="analytics-check")

    async def stop(self) -> None:
        """Let go of the engine; what is not written yet comes again."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait({self._checking})
        if self._sink is not None:
            await self._sink.close()
        if self._engine is not None:
            await self._engine.close()

    async def _check(self, engine: Analytics) -> None:
        wait_s = CHECK_EVERY_S
        while True:
            if engine.state == "ok":
                wait_s = CHECK_EVERY_S
            else:
                await engine.start()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 1.5, MOST_BETWEEN_CHECKS_S)


def limits_of(settings: AnalyticsSettings) -> BatchLimits:
    """When a batch of a partition is written."""
    return BatchLimits(settings.batch_records, settings.batch_bytes, settings.batch_age_s)
