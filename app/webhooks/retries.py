"""The consumer of the retry topics: brings a delivery back to `deliveries` when it is due.

It is a plain consumer with a group of its own. What is due is produced under the same key, and only
when the broker has it the offset is committed: a process killed in between brings some back twice,
and the table `delivered` and the one place where an endpoint's deliveries are sent see to it that
only one gets through. A partition whose oldest message is not due is paused, its buffer dropped,
and read again from there when the time has come; the group goes on hearing of us meanwhile.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import random
from typing import Any

import orjson
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from app.clock import Clock
from app.engine.backoff import Backoff
from app.engine.plain_consumer import PlainConsumer
from app.errors import Unavailable
from app.metrics import Metrics
from app.plain_producer import Outgoing, PlainProducer
from app.record.topics import RETRY_TIERS, Topics
from app.tasks import spawn
from app.webhooks.waiting import Waiting

logger = logging.getLogger(__name__)
MAX_POLL_RECORDS = 50
SLICE_RECORDS = 10
LONGEST_POLL_S = 1.0
MAX_FETCH_BYTES = 4 << 20
METADATA_MAX_AGE_MS = 10_000
"""A topic whose partitions were not known when the group was joined is taken up after so long."""
BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.2, 5.0


class Retries:
    """Runs in each process that has agents; the partitions are shared out among them."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        topics: Topics,
        clock: Clock,
        metrics: Metrics,
        *,
        group: str,
        session_timeout_s: float = 30.0,
        rebalance_timeout_s: float = 60.0,
    ) -> None:
        """Nothing is connected. `connection` are aiokafka's options."""
        self._topics = topics
        self._clock = clock
        self._metrics = metrics
        self._options = dict(connection) | {
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "max_poll_records": MAX_POLL_RECORDS,
            "fetch_max_bytes": MAX_FETCH_BYTES,
            "session_timeout_ms": int(session_timeout_s * 1000),
            "heartbeat_interval_ms": int(min(3.0, session_timeout_s / 3) * 1000),
            "rebalance_timeout_ms": int(rebalance_timeout_s * 1000),
            "metadata_max_age_ms": METADATA_MAX_AGE_MS,
        }
        self._tiers = dict(zip(topics.delivery_retries, RETRY_TIERS, strict=True))
        self._producer = PlainProducer(connection)
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MAX_S, random)
        self._task: asyncio.Task[None] | None = None
        self.state = "starting"

    async def start(self) -> None:
        """Begin in the background, whether there is a broker or not."""
        self._task = spawn(self._run(), name="webhook-retries")

    async def stop(self) -> None:
        """End; what was brought back and not committed is brought back once more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        await self._producer.close()
        self.state = "stopped"

    async def _run(self) -> None:
        complaint = ""
        while True:
            try:
                await self._consume()
            except (KafkaError, OSError, TimeoutError, Unavailable) as error:
                self.state = "down"
                if repr(error) != complaint:
                    complaint = repr(error)
                    logger.warning("the retry topics cannot be read now: %s", complaint)
            await asyncio.sleep(self._backoff.next_s())

    async def _consume(self) -> None:
        """Until something fails. Raises: KafkaError, Unavailable."""
        consumer = PlainConsumer(**self._options)
        waiting: Waiting[TopicPartition] = Waiting(due_s=due_s)
        try:
            await consumer.start()
            missing = set(self._tiers) - await consumer.topics()
            if missing:
                raise Unavailable(f"not made yet: {', '.join(sorted(missing))}")
            consumer.subscribe(list(self._tiers), listener=_Moves(waiting))
            while True:
                await self._turn(consumer, waiting)
                self.state = "ok"
                self._backoff.reset()
        finally:
            await consumer.stop()

    async def _turn(self, consumer: Any, waiting: Waiting[TopicPartition]) -> None:
        """Read once, and bring back what is due."""
        now_s = self._clock.now_s()
        held = consumer.assignment()
        consumer.resume(*[tp for tp in waiting.ready(now_s) if tp in held])
        poll_s = waiting.sleep_s(now_s, LONGEST_POLL_S)
        for tp, messages in (await consumer.getmany(timeout_ms=int(poll_s * 1000))).items():
            portion = waiting.portion(tp, messages, self._clock.now_s())
            if portion.again_offset is not None and tp in consumer.assignment():
                consumer.pause(tp)
                consumer.seek(tp, portion.again_offset)
            await self._bring_back(consumer, tp, portion.due)

    async def _bring_back(self, consumer: Any, tp: TopicPartition, due: Sequence[Any]) -> None:
        if not due:
            return
        for start in range(0, len(due), SLICE_RECORDS):
            await self._producer.write(
                [
                    Outgoing(self._topics.deliveries, message.key, message.value)
                    for message in due[start : start + SLICE_RECORDS]
                ]
            )
        await consumer.commit({tp: due[-1].offset + 1})
        self._metrics.webhook_retried_total.labels(tier=self._tiers[tp.topic]).inc(len(due))


def due_s(message: Any) -> float:
    """When a message is due; what cannot be read is due at once, for the agent to bury.

    Only this member is looked at: all messages of a read are asked in one go.
    """
    try:
        due_at = orjson.loads(message.value or b"null")["due_at"]
        return 0.0 if due_at is None else datetime.fromisoformat(due_at).timestamp()
    except (ValueError, KeyError, TypeError):
        return 0.0


class _Moves(ConsumerRebalanceListener):  # type: ignore[misc]
    """Partitions that move to other processes do not wait here any more."""

    def __init__(self, waiting: Waiting[TopicPartition]) -> None:
        self._waiting = waiting

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Forget them."""
        self._waiting.forget(list(revoked))

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Nothing is paused yet."""
