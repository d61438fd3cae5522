"""Webhooks: what the meter asks for, the agent `deliver`, the retries, the routes."""

from collections.abc import Sequence

from aiohttp import web

from agents import deliver
from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit
from app.clock import Clock, SystemClock
from app.composition.feature import NoFeature
from app.composition.streams import Streams, app_id
from app.control.contract import Control
from app.engine.contracts import StreamApp
from app.ids import RandomIds
from app.metrics import Metrics
from app.plain_producer import PlainProducer
from app.record.topics import Topics
from app.sinks.clickhouse.protocol import Analytics
from app.sinks.watch import SinkWatch
from app.views.health import Part
from app.webhooks.addresses import AddressPolicy
from app.webhooks.admission import Admission
from app.webhooks.api import WebhookParts, WebhookViews
from app.webhooks.breaker import BreakerOptions
from app.webhooks.endpoint import KIND
from app.webhooks.facts import FactTopic
from app.webhooks.links import Links
from app.webhooks.log import AnalyticsLog, DeliveryLog, MemoryLog
from app.webhooks.matching import Matching
from app.webhooks.notes import Notes
from app.webhooks.of_exchange import ExchangeDeliveries
from app.webhooks.poster import Poster
from app.webhooks.registry import Endpoints
from app.webhooks.replay import Replays
from app.webhooks.retries import Retries
from app.webhooks.schedule import Schedule
from app.webhooks.sealing import Sealer
from app.webhooks.sending import BodySource, Sender, SendingOptions
from config import Settings
from config.webhook_sections import WebhookSettings
from tables.definitions import delivered_table

PLACES = deliver.IN_FLIGHT // 2
PAUSE_FACTOR = 12.0


class Webhooks(NoFeature):
    """The webhooks of a process with a stream side."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        streams: Streams,
        control: Control,
        analytics: Analytics | None = None,
        *,
        bodies: BodySource | None = None,
        clock: Clock | None = None,
        letter_limit: LetterLimit | None = None,
    ) -> None:
        """Nothing is connected; the meter asks from here on for the webhooks of a fact."""
        self._settings, own = settings, settings.webhooks
        self._topics, self._metrics = streams.topics, metrics
        self._clock = clock or SystemClock()
        self._letter_limit = letter_limit
        self._ids = RandomIds()
        self._endpoints = Endpoints(control)
        self._poster = poster_of(own, self._clock)
        self._sealer = Sealer(keys_of(own))
        self._sender = self._sender_of(bodies)
        self._log: DeliveryLog = MemoryLog()
        if analytics is not None:
            self._log = AnalyticsLog(analytics, metrics)
        self._notes = Notes(self._log, metrics, self._clock, self._ids.request_id)
        self._schedule = schedule_of(own)
        pause_s = self._schedule.waits_s[0]
        breaker = BreakerOptions(pause_first_s=pause_s, pause_max_s=PAUSE_FACTOR * pause_s)
        self._admission = Admission(own.concurrency, PLACES, self._clock.monotonic_s, breaker)
        self._watch = SinkWatch(deliver.NAME, lambda: self._notes.state, metrics)
        self._producer = PlainProducer(streams.connection)
        self._facts = FactTopic(streams.connection, self._topics.facts)
        self._retries = retries_of(settings, streams, self._topics, self._clock, metrics)
        metrics.webhook_endpoints.set_function(lambda: len(control.items(KIND)))
        metrics.webhook_open_breakers.set_function(lambda: self._admission.open_breakers)
        streams.deliveries = Matching(self._endpoints, self._clock, metrics).deliveries

    def attach(self, app: StreamApp, epoch: str) -> None:
        """The table `delivered`, and the agent."""
        del epoch
        table = delivered_table(self._settings.meter.seen_ttl_s)
        deliverer = deliver.Deliverer(
            delivered=app.store(table.name, table.ttl_s),
            emitter=app,
            topics=self._topics,
            endpoints=self._endpoints,
            sender=self._sender,
            admission=self._admission,
            schedule=self._schedule,
            notes=self._notes,
            dead=self._dead_letters(app, None),
            poison=self._dead_letters(app, self._letter_limit),
            clock=self._clock,
        )
        deliver.register(app, deliverer, self._topics, self._watch)

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        replays = Replays(
            self._facts, self._producer, self._topics, self._clock, self._ids.request_id
        )
        parts = WebhookParts(
            endpoints=self._endpoints,
            sealer=self._sealer,
            sender=self._sender,
            poster=self._poster,
            replays=replays,
            log=self._log,
            clock=self._clock,
            ids=self._ids,
            log_days=self._settings.webhooks.log_days,
        )
        WebhookViews(parts).register(web_app)
        ExchangeDeliveries(self._log).register(web_app)

    def parts(self) -> Sequence[Part]:
        """The agent, and the consumer of the retry topics."""
        good = frozenset({"starting", "ok"})
        return [self._watch.part(), Part("webhook retries", lambda: self._retries.state, good)]

    async def start(self) -> None:
        """Begin to bring back what is due, and to write the log."""
        await self._log.start()
        await self._retries.start()

    async def stop(self) -> None:
        """Let go of connections."""
        await self._retries.stop()
        await self._poster.close()
        await self._producer.close()
        await self._log.close()

    def _sender_of(self, bodies: BodySource | None) -> Sender:
        own = self._settings.webhooks
        options = SendingOptions(own.link_ttl_s, own.max_body_bytes)
        links = links_of(self._settings)
        return Sender(self._poster, self._sealer, links, self._clock, options, bodies)

    def _dead_letters(self, app: StreamApp, limit: LetterLimit | None) -> DeadLetters:
        return DeadLetters(
            app,
            self._topics.dead_letters,
            stage=deliver.NAME,
            clock=self._clock,
            metrics=self._metrics,
            limit=limit,
        )


def keys_of(settings: WebhookSettings) -> Sequence[str]:
    """The keys in clear, the one that encrypts first; none if there is none."""
    if settings.secret_key is None:
        return ()
    return [part.strip() for part in settings.secret_key.get_secret_value().split(",")]


def links_of(settings: Settings) -> Links:
    """Links to bodies, as this deployment makes and verifies them."""
    own = settings.webhooks
    return Links(keys_of(own), own.public_url or settings.own_url)


def schedule_of(settings: WebhookSettings) -> Schedule:
    """When a delivery is tried again."""
    waits_s = tuple(float(part) for part in settings.schedule_s.split(","))
    return Schedule(waits_s, settings.attempts, settings.max_age_s)


def poster_of(settings: WebhookSettings, clock: Clock) -> Poster:
    """What sends, to addresses that the settings allow."""
    networks = settings.allowed_networks
    policy = AddressPolicy(
        allow_private=settings.allow_private,
        networks=() if networks is None else networks.split(","),
    )
    return Poster(policy, clock, timeout_s=settings.timeout_s, allow_http=settings.allow_http)


def retries_of(
    settings: Settings, streams: Streams, topics: Topics, clock: Clock, metrics: Metrics
) -> Retries:
    """The consumer of the retry topics, in a group of its own."""
    return Retries(
        streams.connection,
        topics,
        clock,
        metrics,
        group=f"{app_id(settings)}-retries",
        session_timeout_s=settings.kafka.session_timeout_s,
        rebalance_timeout_s=settings.kafka.rebalance_timeout_s,
    )
