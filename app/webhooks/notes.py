"""What is told of deliveries: metrics, the log of attempts, a word for readiness."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from app.clock import Clock, utc
from app.metrics import Metrics
from app.record.delivery import Delivery
from app.webhooks.log import DeliveryLog, Line, Result
from app.webhooks.replies import Reply

logger = logging.getLogger(__name__)
Count = Literal["repeated", "deferred", "exhausted"]
RECENT_S = 600.0
MAX_ERROR_CHARS = 200


class Notes:
    """Tells of the deliveries of one process."""

    def __init__(
        self, log: DeliveryLog, metrics: Metrics, clock: Clock, mint: Callable[[], str]
    ) -> None:
        """`mint` makes ids of attempts."""
        self._log = log
        self._clock = clock
        self._mint = mint
        self._deliveries = metrics.webhook_deliveries_total
        self._attempt_seconds = metrics.webhook_attempt_seconds
        self._first_seconds = metrics.webhook_first_attempt_seconds
        self._sealed_s = float("-inf")

    @property
    def state(self) -> str:
        """`ok`, or `sealed` while secrets cannot be opened with the keys of the settings."""
        return "sealed" if self._clock.monotonic_s() - self._sealed_s < RECENT_S else "ok"

    def count(self, result: Count) -> None:
        """Something became of a delivery without an attempt."""
        self._deliveries.labels(result=result).inc()

    def sealed(self, endpoint_id: str, why: str) -> None:
        """A secret could not be opened, so nothing was sent."""
        self._sealed_s = self._clock.monotonic_s()
        logger.error("the secret of %s cannot be opened: %s", endpoint_id, why)
        self._deliveries.labels(result="sealed").inc()

    def dropped(self, delivery: Delivery, why: str) -> None:
        """Its endpoint is no more."""
        self._deliveries.labels(result="dropped").inc()
        self._add(delivery, "dropped", error=f"the endpoint is {why}")

    def attempted(
        self, delivery: Delivery, reply: Reply, result: Result, next_at: datetime | None = None
    ) -> None:
        """An attempt came to its end."""
        self._attempt_seconds.observe(reply.took_ms / 1000)
        if result != "exhausted":
            self._deliveries.labels(result=result).inc()
        if not delivery.attempts and not delivery.deferrals and delivery.replay_id is None:
            record = delivery.fact.record
            ended_s = record.started_at.timestamp() + record.timings_ms.total / 1000
            self._first_seconds.observe(max(0.0, self._clock.now_s() - ended_s))
        self._add(delivery, result, reply=reply, next_at=next_at, error=reply.error)

    def _add(
        self,
        delivery: Delivery,
        result: Result,
        *,
        reply: Reply | None = None,
        next_at: datetime | None = None,
        error: str | None = None,
    ) -> None:
        self._log.add(
            Line(
                tenant=delivery.tenant,
                endpoint_id=delivery.endpoint_id,
                at=utc(self._clock.now_s()),
                attempt_id=self._mint(),
                webhook_id=delivery.webhook_id,
                request_id=delivery.fact.record.request_id,
                kind="exchange" if delivery.replay_id is None else "replay",
                attempt=delivery.attempts + (reply is not None),
                result=result,
                status=None if reply is None else reply.status,
                took_ms=None if reply is None else reply.took_ms,
                error=None if error is None else error[:MAX_ERROR_CHARS],
                next_at=next_at,
                replay_id=delivery.replay_id,
            )
        )
