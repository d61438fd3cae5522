"""The agent on `deliveries`: sends each webhook until it is delivered or given up.

    message -> decode -> delivered already? -> endpoint -> place -> event -> POST -> what now

`delivered` is asked before each POST and written after a 2xx, so what the meter emits again under
the same id is not sent again; killed in between, it is sent once more. What must wait is emitted to
a retry topic and done with here: no message waits in the partition, so that none waits behind it.
Reading bodies takes a place as well, so that a store that hangs holds up its own endpoints alone.

    2xx                   delivered
    410                   the endpoint is disabled, the delivery dropped; one that its owner changed
                          meanwhile is left alone, and the 410 a failure like another
    any other answer      the next attempt on the schedule, `Retry-After` rounded up to a tier
    no place, or a pause  moved on to a retry topic, no attempt used up, as is one whose endpoint
                          only a newer build can read
    no attempts left      a dead letter, as is one that is older than the settings allow
    disabled, deleted     dropped; a replay brings back what is wanted after all
    a step that raises    a dead letter `step_failed`
"""

from collections.abc import Callable
from dataclasses import replace
from random import random
from typing import Any

from agents.dead_letters import DeadLetters, as_record_error, attempts_of
from agents.letter_limit import TooManyDeadLettersError
from app.clock import Clock, utc
from app.engine.contracts import Again, Emitter, Message, Result, SinkState, Store, StreamApp
from app.errors import RecordError, Unavailable
from app.record.codec import decode_delivery, encode_delivery
from app.record.dead_letter import ATTEMPT_HEADER, ORIGIN_HEADER, origin_in
from app.record.delivery import Delivery
from app.record.topics import Topics
from app.webhooks.admission import Admission
from app.webhooks.changes import disabled
from app.webhooks.endpoint import Endpoint
from app.webhooks.notes import Notes
from app.webhooks.registry import Endpoints
from app.webhooks.replies import Reply
from app.webhooks.schedule import Schedule
from app.webhooks.sealing import SealError
from app.webhooks.sending import NotYet, Sender

NAME = "deliver"
IN_FLIGHT = 512
WINDOW_RECORDS = 20_000
"""How far sending runs ahead of the slowest answer; each of these is noted in `delivered`."""
NEWS_S = 15.0
"""How long an endpoint that is not known may be one that this process has not heard of yet.

Longer than the control topic takes to notice that it hears nothing.
"""
SEAL_WAIT_S = 300.0
UPGRADE_WAIT_S = 300.0
"""How long what is for an endpoint that cannot be read waits for a process of a newer build."""


class Deliverer:
    """Handles one message; many at a time."""

    def __init__(
        self,
        *,
        delivered: Store,
        emitter: Emitter,
        topics: Topics,
        endpoints: Endpoints,
        sender: Sender,
        admission: Admission,
        schedule: Schedule,
        notes: Notes,
        dead: DeadLetters,
        poison: DeadLetters,
        clock: Clock,
        jitter: Callable[[], float] = random,
    ) -> None:
        """`poison` buries what cannot be read, `dead` what was given up; they differ in limits."""
        self._delivered = delivered
        self._emitter = emitter
        self._topics = topics
        self._endpoints = endpoints
        self._sender = sender
        self._admission = admission
        self._schedule = schedule
        self._notes = notes
        self._dead = dead
        self._poison = poison
        self._clock = clock
        self._jitter = jitter
        self._under_way: set[str] = set()

    async def handle(self, message: Message) -> Result:
        """Send it, or put it where it belongs."""
        try:
            delivery = self._decoded(message)
        except RecordError as exc:
            return self._bury(self._poison, message, exc)
        if self._delivered.get(delivery.name.encode()) is not None:
            self._notes.count("repeated")
            return None
        if delivery.name in self._under_way:
            return Again("the same webhook is under way", 1.0)
        endpoint = self._endpoints.get(delivery.endpoint_id)
        if endpoint is None and self._endpoints.is_unreadable(delivery.endpoint_id):
            return self._put_off_for_upgrade(message, delivery)
        if endpoint is None and self._may_be_news(message):
            return Again("not known yet", 0.5)
        if endpoint is None or endpoint.tenant != delivery.tenant or not endpoint.is_enabled:
            self._notes.dropped(delivery, "disabled" if endpoint else "deleted")
            return None
        self._under_way.add(delivery.name)
        try:
            return await self._attempt(message, delivery, endpoint)
        except Unavailable:
            # The partition is not held here any more: who holds it now tries again.
            raise
        except Exception as exc:  # noqa: BLE001 - mapped: one delivery must not stop the others
            return self._bury(self._poison, _as_it_came(message, delivery), as_record_error(exc))
        finally:
            self._under_way.discard(delivery.name)

    def _may_be_news(self, message: Message) -> bool:
        """Whether this process may not have heard of an endpoint yet."""
        is_young = self._clock.now_s() - message.broker_time_s < NEWS_S
        return is_young or not self._endpoints.is_current

    def _decoded(self, message: Message) -> Delivery:
        """The delivery; one that comes back from the dead letters begins anew."""
        delivery = decode_delivery(message.value)
        resent = attempts_of(message)
        if not resent:
            return delivery
        anew = {"attempts": 0, "deferrals": 0, "emitted_at": utc(self._clock.now_s())}
        first = origin_in(message.headers.get(ORIGIN_HEADER))
        return delivery.model_copy(update={**anew, "resent": resent, "first_origin": first})

    # -- one attempt

    async def _attempt(self, message: Message, delivery: Delivery, endpoint: Endpoint) -> Result:
        if (why := self._too_old(delivery)) is not None:
            return self._give_up(message, delivery, why)
        partition = message.position.partition
        wait_s = await self._admission.enter(partition, endpoint)
        if wait_s is not None:
            return self._put_off(delivery, wait_s)
        outcome: Reply | NotYet | None = None
        try:
            outcome = await self._sent(endpoint, delivery)
        finally:
            self._leave(partition, endpoint, outcome)
        if isinstance(outcome, NotYet):
            return self._put_off(delivery, outcome.after_s)
        return await self._judge(message, delivery, endpoint, outcome)

    async def _sent(self, endpoint: Endpoint, delivery: Delivery) -> Reply | NotYet:
        """What came back; NotYet while its bodies or its secret are not to be had."""
        event = await self._sender.prepared(endpoint, delivery)
        if isinstance(event, NotYet):
            return event
        try:
            return await self._sender.send(endpoint, delivery.webhook_id, event)
        except SealError as exc:
            self._notes.sealed(endpoint.endpoint_id, str(exc))
            return NotYet(SEAL_WAIT_S)

    def _leave(self, partition: int, endpoint: Endpoint, outcome: Reply | NotYet | None) -> None:
        """Give the place back, with what the attempt tells of the endpoint."""
        if not isinstance(outcome, Reply):
            self._admission.leave(partition, endpoint, 0.0, None)
            return
        hold_s = 0.0
        if outcome.meaning == "overloaded":
            # No longer than a delivery waits on any topic: else it would grow too old unsent.
            hold_s = min(outcome.retry_after_s or 0.0, self._schedule.waits_s[-1])
        good = outcome.meaning in ("delivered", "gone")
        self._admission.leave(partition, endpoint, outcome.took_ms / 1000, good, hold_s)

    async def _judge(
        self, message: Message, delivery: Delivery, endpoint: Endpoint, reply: Reply
    ) -> Result:
        if reply.meaning == "delivered":
            at_ms = int(self._clock.now_s() * 1000)
            self._delivered.put(delivery.name.encode(), b"%d" % at_ms)
            self._notes.attempted(delivery, reply, "delivered")
            return None
        if reply.meaning == "gone" and await self._disable(endpoint):
            self._notes.attempted(delivery, reply, "gone")
            return None
        failed = delivery.attempts + 1
        tier = self._schedule.after_failure(failed, reply.retry_after_s)
        if tier is None:
            self._notes.attempted(delivery, reply, "exhausted")
            return self._give_up(message, delivery, f"{failed} attempts, the last: {reply.text}")
        later = self._emit(delivery, tier, attempts=failed, deferrals=0, error=reply.text)
        self._notes.attempted(delivery, reply, "failed", later.due_at)
        return None

    async def _disable(self, endpoint: Endpoint) -> bool:
        """Whether it is disabled now; if not, the next 410 tries again."""
        now = utc(self._clock.now_s())
        current = self._endpoints.get(endpoint.endpoint_id)
        if current != endpoint:
            # What its owner wrote during the POST, a new address or its end, stays.
            return current is not None and not current.is_enabled
        try:
            await self._endpoints.put(disabled(endpoint, "it answered 410 Gone", now))
        except Unavailable:
            return False
        return True

    # -- later, or never

    def _too_old(self, delivery: Delivery) -> str | None:
        """Why it is given up for its age; None: it is not."""
        age_s = self._clock.now_s() - delivery.emitted_at.timestamp()
        return f"undelivered for {age_s:.0f} s" if self._schedule.is_too_old(age_s) else None

    def _put_off_for_upgrade(self, message: Message, delivery: Delivery) -> Result:
        if (why := self._too_old(delivery)) is not None:
            return self._give_up(message, delivery, why)
        return self._put_off(delivery, UPGRADE_WAIT_S)

    def _put_off(self, delivery: Delivery, wait_s: float) -> Result:
        tier = self._schedule.after_deferral(delivery.attempts, delivery.deferrals, wait_s)
        self._emit(delivery, tier, deferrals=delivery.deferrals + 1)
        self._notes.count("deferred")
        return None

    def _emit(self, delivery: Delivery, tier: int, **changes: Any) -> Delivery:
        due_s = self._clock.now_s() + self._schedule.wait_s(tier, self._jitter)
        later = delivery.model_copy(update={**changes, "due_at": utc(due_s)})
        topic = self._topics.delivery_retries[tier]
        self._emitter.emit(topic, delivery.endpoint_id.encode(), encode_delivery(later))
        return later

    def _give_up(self, message: Message, delivery: Delivery, why: str) -> Result:
        self._notes.count("exhausted")
        error = RecordError("attempts_exhausted", f"{delivery.endpoint_id}: {why}")
        return self._bury(self._dead, _as_it_came(message, delivery), error)

    @staticmethod
    def _bury(dead: DeadLetters, message: Message, error: RecordError) -> Result:
        try:
            dead.bury(message, error)
        except TooManyDeadLettersError as exc:
            return Again(str(exc))
        return None


def _as_it_came(message: Message, delivery: Delivery) -> Message:
    """A message with the headers of one that was sent again, which no retry topic keeps."""
    if not delivery.resent:
        return message
    headers = {**message.headers, ATTEMPT_HEADER: b"%d" % delivery.resent}
    if delivery.first_origin is not None:
        headers[ORIGIN_HEADER] = delivery.first_origin.model_dump_json().encode()
    return replace(message, headers=headers)


def register(app: StreamApp, deliverer: Deliverer, topics: Topics, state: SinkState) -> None:
    """Send every message of `deliveries`."""

    @app.agent(app.source(topics.deliveries), name=NAME)
    async def deliver_agent(stream: Any) -> None:
        await app.process_concurrently(
            stream,
            deliverer.handle,
            in_flight=IN_FLIGHT,
            window_records=WINDOW_RECORDS,
            state=state,
        )
