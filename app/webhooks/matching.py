"""A fact and the endpoints of its tenant: who is told of it. Pure, and fast where nobody is.

The meter asks for every fact it emits, one that is emitted again included, so the same fact gives
the same ids. An endpoint is told of exchanges that were recorded after it was created; who wants
earlier ones asks for a replay.
"""

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from app.clock import Clock, utc
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import encode_delivery
from app.record.delivery import Delivery
from app.record.fact import Fact
from app.webhooks.endpoint import Endpoint
from app.webhooks.registry import Endpoints
from app.webhooks.signing import webhook_id

logger = logging.getLogger(__name__)
SCALE = 1 << 64


class Addressed(NamedTuple):
    """A message of the topic `deliveries`: key and value."""

    key: bytes
    value: bytes


def is_sampled(endpoint: Endpoint, request_id: str) -> bool:
    """Whether an exchange is among those an endpoint is told of; the same whenever it is asked."""
    if endpoint.sample_rate >= 1:
        return True
    name = f"{endpoint.endpoint_id}|{request_id}".encode()
    number = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")
    return number < endpoint.sample_rate * SCALE


def matches(endpoint: Endpoint, fact: Fact) -> bool:
    """Whether filters and sampling let an exchange pass."""
    return endpoint.filters.match(fact) and is_sampled(endpoint, fact.record.request_id)


def delivery_of(
    endpoint: Endpoint, fact: Fact, emitted_at: datetime, replay_id: str | None = None
) -> Delivery:
    """The delivery of a fact to an endpoint, before its first attempt."""
    record = fact.record
    return Delivery(
        webhook_id=webhook_id(record.tenant, record.request_id, endpoint.endpoint_id),
        endpoint_id=endpoint.endpoint_id,
        tenant=record.tenant,
        emitted_at=emitted_at,
        replay_id=replay_id,
        fact=fact,
    )


def addressed(delivery: Delivery) -> Addressed:
    """As a message: keyed by endpoint, so that all of one endpoint's lie in one partition.

    Raises: RecordError.
    """
    return Addressed(delivery.endpoint_id.encode(), encode_delivery(delivery))


class Matching:
    """What the meter asks for the deliveries of a fact."""

    def __init__(self, endpoints: Endpoints, clock: Clock, metrics: Metrics) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._metrics = metrics

    def deliveries(self, fact: Fact) -> Iterator[Addressed]:
        """One for each endpoint that matches; never raises, what fails is counted."""
        for endpoint in self._endpoints.enabled(fact.record.tenant):
            try:
                if endpoint.created_at > fact.record.produced_at or not matches(endpoint, fact):
                    continue
                made = addressed(delivery_of(endpoint, fact, utc(self._clock.now_s())))
            except (RecordError, ValueError, OverflowError):
                logger.exception("no delivery to %s could be made", endpoint.endpoint_id)
                self._metrics.webhook_unmatched_total.inc()
                continue
            yield made
