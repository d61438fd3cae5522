"""The ways out of a process, put together: the broker, a fallback, the spill; and the way in."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args

from aiohttp import web

from app.clock import SystemClock
from app.cluster.trust import token_of
from app.ids import RandomIds
from app.metrics import Metrics
from app.record.topics import Topics
from app.tasks import spawn
from config import Settings
from proxy.ingest.intake import Intake, Keeper
from proxy.ingest.reading import LineReader
from proxy.ingest.routes import register_ingest
from proxy.publisher.failover import FailoverOutlet, Times, Way
from proxy.publisher.fallback_outlet import FallbackOutlet
from proxy.publisher.kafka_outlet import KafkaOutlet
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Outlet
from proxy.publisher.spill.disk import State
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.segments import Loss
from proxy.publisher.spill.spill import Spill


def ways_out(
    settings: Settings,
    metrics: Metrics,
    connection: Mapping[str, Any],
    producer_id: str,
    only: Outlet | None = None,
    *,
    on_loss: Callable[[str, int], None] = lambda reason, messages: None,
) -> FailoverOutlet:
    """Kafka, then the fallback if one is configured, then the spill unless it is disabled.

    `only` takes the place of them all; `on_loss` is told what the spill had to give up, and what
    the broker refused of it: that was durable until then.
    """
    kafka, publish, topics = settings.kafka, settings.publish, Topics(settings.kafka.topic_prefix)
    broker = only or KafkaOutlet(
        connection, request_timeout_s=kafka.request_timeout_s, compression=kafka.compression
    )

    def count_taken(way: Way, messages: int) -> None:
        metrics.published_total.labels(way).inc(messages)

    def count_refused(message: Outgoing) -> None:
        reason = "body_refused" if message.topic == topics.bodies else "refused"
        metrics.dropped_total.labels(reason).inc()
        on_loss(reason, 1)

    return FailoverOutlet(
        broker,
        fallback=None if only else _fallback(settings, topics),
        spill=None if only else _spill(settings, metrics, topics, producer_id, on_loss),
        times=Times(
            publish.broker_patience_s, settings.fallback.timeout_s, settings.spill.replay_per_s
        ),
        on_taken=count_taken,
        on_refused=count_refused,
    )


def register_log(
    web_app: web.Application,
    settings: Settings,
    metrics: Metrics,
    keeper: Keeper,
    producer_id: str,
) -> None:
    """Add `/api/v1/log`."""
    topics = Topics(settings.kafka.topic_prefix)
    reader = LineReader(topics, producer_id=producer_id, ids=RandomIds(), clock=SystemClock())
    register_ingest(web_app, Intake(keeper, reader, topics, metrics), token_of(settings))


class Ingest:
    """`/api/v1/log` in a process that relays nothing. A `Part` of the host."""

    def __init__(self, settings: Settings, metrics: Metrics, connection: Mapping[str, Any]) -> None:
        """Nothing is opened or connected before `start`."""
        self._settings = settings
        self._metrics = metrics
        self._producer_id = RandomIds().request_id()
        self._outlet = ways_out(settings, metrics, connection, self._producer_id)

    def register(self, web_app: web.Application) -> None:
        """Add the route."""
        register_log(web_app, self._settings, self._metrics, self._outlet, self._producer_id)

    async def start(self) -> None:
        """Open the ways out, in the background."""
        spawn(self._outlet.start(), name="ways-out")

    async def stop(self) -> None:
        """Close them; what lies in the spill is replayed by the next process."""
        await self._outlet.close()


def _fallback(settings: Settings, topics: Topics) -> FallbackOutlet | None:
    fallback = settings.fallback
    if fallback.url is None:
        return None
    token = token_of(settings) if fallback.token is None else fallback.token.get_secret_value()
    return FallbackOutlet(fallback.url, token=token, timeout_s=fallback.timeout_s, topics=topics)


def _spill(
    settings: Settings,
    metrics: Metrics,
    topics: Topics,
    producer_id: str,
    on_loss: Callable[[str, int], None],
) -> Spill | None:
    given = settings.spill
    if not given.enabled:
        return None

    def count_loss(reason: Loss, messages: int) -> None:
        metrics.dropped_total.labels(reason).inc(messages)
        on_loss(reason, messages)

    spill = Spill(
        settings.spill_dir,
        SpillOptions(
            max_bytes=given.max_bytes,
            fsync=given.fsync,
            fsync_interval_s=given.fsync_interval_s,
            segment_bytes=given.segment_bytes,
            max_age_s=given.max_age_s,
        ),
        body_topics={topics.bodies},
        producer=producer_id,
        clock=SystemClock(),
        count_loss=count_loss,
    )
    metrics.spill_messages.set_function(lambda: spill.records)
    metrics.spill_bytes.set_function(lambda: spill.bytes)
    metrics.spill_age_s.set_function(lambda: spill.oldest_age_s)
    for state in ("ok", *get_args(get_args(State)[1])):
        metrics.spill_state.labels(state).set_function(partial(_is, spill, state))
    return spill


def _is(spill: Spill, state: str) -> bool:
    return spill.state == state
