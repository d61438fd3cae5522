"""Builds one incarnation of the stream side: topics made sure of, tables declared, agents on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents import meter
from agents.letter_limit import LetterLimit
from app.clock import SystemClock
from app.composition.epoch import epoch_of
from app.composition.feature import Feature
from app.engine.app import StreamApp
from app.engine.options import engine_options
from app.engine.security import broker_security
from app.engine.topic_ids import topic_ids
from app.errors import StartError
from app.live.feed import LiveFeed
from app.live.item import LiveItem
from app.metrics import Metrics
from app.pricing import Pricer
from app.record.topics import Topics, TopicSpec
from app.topic_admin import ensure_topics
from config import Settings
from tables.definitions import USERS, seen_table
from tables.rebuild import Rebuilder
from tables.top_users import TopUsers

APP_ID = "tailrace"
NO_BROKER = (
    "TAILRACE_KAFKA__BOOTSTRAP_SERVERS is not set: name a broker, or start everything on embedded"
    " defaults with `tailrace up`"
)


def brokers_of(settings: Settings) -> tuple[str, ...]:
    """The configured brokers. Raises: StartError without any."""
    if settings.kafka.bootstrap_servers is None:
        raise StartError(NO_BROKER)
    return tuple(part.strip() for part in settings.kafka.bootstrap_servers.split(","))


def app_id(settings: Settings) -> str:
    """The consumer group, and the first part of the changelogs' names."""
    prefix = settings.kafka.topic_prefix
    return APP_ID if prefix == APP_ID else f"{APP_ID}-{prefix}"


class Streams:
    """Makes stream apps that all feed the same ranking of users, live tail and metrics."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Reads the prices; nothing is connected. Raises: StartError."""
        self.settings = settings
        self.topics = Topics(settings.kafka.topic_prefix)
        self.top = TopUsers(settings.meter.top_users)
        self.brokers = brokers_of(settings)
        self._metrics = metrics
        self._clock = SystemClock()
        prices = settings.meter.price_file
        self._pricer = Pricer.load(None if prices is None else Path(prices).expanduser())
        self.feed = LiveFeed()
        dead = settings.dead_letters
        self.letter_limit = LetterLimit(dead.max_share, dead.least)
        """Of all agents of this process, over all incarnations."""
        self.features: Sequence[Feature] = ()
        self.deliveries: meter.Deliveries | None = None
        """The webhooks that a fact makes."""
        self.wait_for: list[Callable[[], Awaitable[None]]] = []
        """What must be known before the first message is read; each may raise Unavailable."""

    async def build(self) -> StreamApp:
        """The next incarnation, not started. Raises: Unavailable, StartError."""
        await self._ensure(self.specs())
        for wait in self.wait_for:
            await wait()
        app = self.assemble(await self._epoch())
        app.verify_epoch(self._epoch)
        await self._ensure(app.changelog_specs())
        return app

    def specs(self) -> list[TopicSpec]:
        """Every topic of this process, tables' changelogs apart."""
        return [*self.topics.specs(), *(spec for each in self.features for spec in each.specs())]

    async def _epoch(self) -> str:
        ids = await topic_ids([self.topics.exchanges], **self.connection)
        return epoch_of(self.settings.epoch, ids, self.topics.exchanges)

    def assemble(self, epoch: str) -> StreamApp:
        """Tables and agents on a new stream app; no I/O."""
        settings = self.settings
        app = StreamApp(
            engine_options(settings, brokers=self.brokers, epoch=epoch, app_id=app_id(settings))
        )
        seen = seen_table(settings.meter.seen_ttl_s)
        worker = meter.Meter(
            users=app.store(USERS.name, USERS.ttl_s),
            seen=app.store(seen.name, seen.ttl_s),
            emitter=app,
            topics=self.topics,
            price=self._pricer.price,
            seen_ttl_s=settings.meter.seen_ttl_s,
            top=self.top,
            clock=self._clock,
            metrics=self._metrics,
            letter_limit=self.letter_limit,
            on_counted=lambda fact: self.feed.add(LiveItem(fact)),
            deliveries=self.deliveries,
        )
        meter.register(app, worker, self.topics)
        rebuilder = Rebuilder(self.top, app, self._clock)
        app.on_assigned(rebuilder.on_assigned)
        app.on_revoked(rebuilder.on_revoked)
        for feature in self.features:
            feature.attach(app, epoch)
        return app

    @property
    def connection(self) -> Mapping[str, Any]:
        """How to reach the broker, in aiokafka's terms."""
        security = broker_security(self.settings.kafka).client_options()
        return {"bootstrap_servers": list(self.brokers), **security}

    async def _ensure(self, specs: Any) -> None:
        await ensure_topics(
            specs,
            partitions=self.settings.partitions,
            replication_factor=self.settings.kafka.replication_factor,
            connection=self.connection,
        )
