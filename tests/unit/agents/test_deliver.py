"""The agent that sends: every way a delivery can go, without a loop of Faust's or a broker."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from agents import deliver
from agents.dead_letters import ATTEMPT_HEADER, DeadLetters
from agents.deliver import Deliverer
from agents.letter_limit import LetterLimit
from app.clock import ManualClock
from app.control.memory import MemoryControl
from app.engine.contracts import Again, Message, Position
from app.engine.memory import MemoryEmitter, MemoryStore
from app.ids import CountedIds
from app.metrics import Metrics
from app.record.codec import decode_dead_letter, decode_delivery, encode_delivery
from app.record.delivery import Delivery
from app.record.topics import Topics
from app.webhooks.admission import Admission
from app.webhooks.breaker import BreakerOptions
from app.webhooks.endpoint import Endpoint
from app.webhooks.log import MemoryLog
from app.webhooks.notes import Notes
from app.webhooks.registry import Endpoints
from app.webhooks.replies import Reply
from app.webhooks.schedule import Schedule
from app.webhooks.sealing import SealError
from app.webhooks.sending import NotYet, Sender
from tests.support.endpoints import delivery, endpoint
from tests.support.records import STARTED_AT

TOPICS = Topics()
SCHEDULE = Schedule((5, 300, 1800, 7200, 18_000, 36_000), attempts=3, max_age_s=86_400)
OPTIONS = BreakerOptions(failures=2, pause_first_s=10)


@dataclass
class Sending:
    """A sender with prepared answers."""

    reply: Reply | SealError = field(default_factory=lambda: Reply(204, 1.0))
    event: bytes | NotYet = b"{}"
    sent: list[str] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_end.set()

    async def prepared(self, endpoint: Endpoint, delivery: Delivery) -> bytes | NotYet:
        return self.event

    async def send(self, endpoint: Endpoint, message_id: str, body: bytes) -> Reply:
        self.sent.append(message_id)
        await self.may_end.wait()
        if isinstance(self.reply, SealError):
            raise self.reply
        return self.reply


class World:
    def __init__(self, limit: LetterLimit | None = None) -> None:
        self.clock = ManualClock(STARTED_AT.timestamp())
        self.metrics, self.emitter = Metrics(), MemoryEmitter()
        self.delivered, self.sending = MemoryStore(), Sending()
        self.control = MemoryControl()
        self.endpoints = Endpoints(self.control)
        self.log = MemoryLog()
        self.deliverer = Deliverer(
            delivered=self.delivered,
            emitter=self.emitter,
            topics=TOPICS,
            endpoints=self.endpoints,
            sender=cast(Sender, self.sending),
            admission=Admission(64, 256, self.clock.monotonic_s, OPTIONS),
            schedule=SCHEDULE,
            notes=Notes(self.log, self.metrics, self.clock, CountedIds().request_id),
            dead=self.letters(None),
            poison=self.letters(limit),
            clock=self.clock,
            jitter=lambda: 0.0,
        )

    def letters(self, limit: LetterLimit | None) -> DeadLetters:
        return DeadLetters(
            self.emitter,
            TOPICS.dead_letters,
            stage=deliver.NAME,
            clock=self.clock,
            metrics=self.metrics,
            limit=limit,
        )

    async def handle(self, given: Delivery | bytes | None = None, **changes: Any) -> Any:
        value = given if isinstance(given, bytes) else encode_delivery(given or delivery())
        message = Message(b"we", value, Position("e", TOPICS.deliveries, 0, 7), self.clock.now_s())
        return await self.deliverer.handle(replace(message, **changes))

    @property
    def later(self) -> list[tuple[int, Delivery]]:
        """What waits: the tier and the delivery."""
        return [
            (tier, decode_delivery(each.value))
            for tier, topic in enumerate(TOPICS.delivery_retries)
            for each in self.emitter.on(topic)
        ]

    @property
    def dead(self) -> list[tuple[str, str]]:
        found = [decode_dead_letter(each.value) for each in self.emitter.on(TOPICS.dead_letters)]
        return [(each.reason, each.detail) for each in found]

    def count(self, result: str) -> float:
        name = "tailrace_webhook_deliveries_total"
        return self.metrics.registry.get_sample_value(name, {"result": result}) or 0


@pytest.fixture
async def world() -> World:
    made = World()
    await made.endpoints.put(endpoint())
    return made


async def test_delivered_is_remembered_and_not_sent_again(world: World) -> None:
    for _ in range(3):
        assert await world.handle() is None
    assert world.sending.sent == [delivery().webhook_id]
    assert world.delivered.get(delivery().name.encode()) is not None
    assert (world.count("delivered"), world.count("repeated")) == (1, 2)


async def test_a_crash_before_the_note_is_durable_sends_once_more_under_the_same_id(
    world: World,
) -> None:
    await world.handle()
    world.delivered.crash()
    await world.handle()
    assert world.sending.sent == [delivery().webhook_id] * 2


async def test_a_replay_is_sent_once_itself(world: World) -> None:
    await world.handle()
    for _ in range(2):
        await world.handle(delivery(replay_id="again"))
    assert len(world.sending.sent) == 2


async def test_failures_go_from_tier_to_tier_and_end_as_a_dead_letter(world: World) -> None:
    world.sending.reply = Reply(404, 1.0)
    await world.handle()
    tier, first = world.later[0]
    assert (tier, first.attempts, first.error) == (0, 1, "HTTP 404")
    assert first.due_at == STARTED_AT + timedelta(seconds=5)
    await world.handle(first)
    tier, second = world.later[-1]
    assert (tier, second.attempts) == (1, 2)
    world.clock.advance(60)
    await world.handle(second)
    assert world.delivered.get(delivery().name.encode()) is None
    assert world.dead == [
        ("attempts_exhausted", f"{endpoint().endpoint_id}: 3 attempts, the last: HTTP 404")
    ]
    assert (world.count("failed"), world.count("exhausted")) == (2, 1)


async def test_retry_after_rounds_up_to_a_tier_and_others_wait_as_well(world: World) -> None:
    world.sending.reply = Reply(503, 1.0, retry_after_s=301)
    await world.handle()
    assert world.later[0][0] == 2
    await world.handle(delivery(replay_id="b"))
    assert len(world.sending.sent) == 1
    assert [(tier, each.attempts, each.deferrals) for tier, each in world.later] == [
        (2, 1, 0),
        (2, 0, 1),
    ]


async def test_an_open_breaker_puts_off_without_using_up_an_attempt(world: World) -> None:
    world.sending.reply = Reply(500, 1.0)
    for name in ("a", "b", "c"):
        await world.handle(delivery(replay_id=name))
    assert len(world.sending.sent) == 2
    put_off = [each for _, each in world.later if each.deferrals]
    assert [(each.attempts, each.replay_id) for each in put_off] == [(0, "c")]
    assert world.count("deferred") == 1


async def test_410_disables_the_endpoint_and_what_follows_is_dropped(world: World) -> None:
    world.sending.reply = Reply(410, 1.0)
    await world.handle()
    await world.handle(delivery(replay_id="b"))
    found = world.endpoints.get(endpoint().endpoint_id)
    assert found is not None
    assert (found.is_enabled, found.disabled_reason) == (False, "it answered 410 Gone")
    assert (len(world.sending.sent), world.count("gone"), world.count("dropped")) == (1, 1, 1)
    assert world.later == []


async def test_410_while_nothing_can_be_kept_is_a_failure_like_another(world: World) -> None:
    world.control.is_down = True
    world.sending.reply = Reply(410, 1.0)
    await world.handle()
    assert [tier for tier, _ in world.later] == [0]


async def test_an_endpoint_nobody_heard_of_yet_is_waited_for_and_then_dropped() -> None:
    world = World()
    now_s = world.clock.now_s()
    assert isinstance(await world.handle(broker_time_s=now_s), Again)
    assert await world.handle(broker_time_s=now_s - deliver.NEWS_S) is None
    assert (world.count("dropped"), world.sending.sent) == (1, [])


async def test_an_endpoint_is_not_taken_for_deleted_by_a_process_that_hears_nothing() -> None:
    world = World()
    long_ago_s = world.clock.now_s() - 10 * deliver.NEWS_S
    world.control.is_down = True
    assert isinstance(await world.handle(broker_time_s=long_ago_s), Again)
    assert world.count("dropped") == 0
    world.control.is_down = False
    assert await world.handle(broker_time_s=long_ago_s) is None
    assert world.count("dropped") == 1


async def test_somebody_elses_endpoint_is_never_told(world: World) -> None:
    assert await world.handle(delivery(tenant="acme")) is None
    assert world.sending.sent == []


async def test_what_cannot_be_read_is_buried_and_its_neighbour_sent(world: World) -> None:
    assert await world.handle(b"{") is None
    assert await world.handle() is None
    assert [reason for reason, _ in world.dead] == ["undecodable"]
    assert len(world.sending.sent) == 1


async def test_too_many_dead_letters_wait() -> None:
    world = World(LetterLimit(0.0, 1))
    places = [Position("e", TOPICS.deliveries, 0, number) for number in range(5)]
    results = [await world.handle(b"{", position=each) for each in places]
    assert isinstance(results[-1], Again)


async def test_too_old_is_given_up_without_an_attempt(world: World) -> None:
    old = delivery(emitted_at=STARTED_AT - timedelta(days=2))
    assert await world.handle(old) is None
    assert (world.dead[0][0], world.sending.sent) == ("attempts_exhausted", [])


async def test_one_that_comes_back_from_the_dead_letters_begins_anew(world: World) -> None:
    spent = delivery(attempts=3, deferrals=9, emitted_at=STARTED_AT - timedelta(days=9))
    assert await world.handle(spent, headers={ATTEMPT_HEADER: b"1"}) is None
    assert (world.count("delivered"), world.dead) == (1, [])


async def test_bodies_on_their_way_and_sealed_secrets_put_off(world: World) -> None:
    world.sending.event = NotYet(301)
    await world.handle()
    world.sending.event, world.sending.reply = b"{}", SealError("another key")
    await world.handle(delivery(replay_id="b"))
    assert [(tier, each.deferrals) for tier, each in world.later] == [(1, 1), (2, 1)]
    assert world.count("sealed") == 1


async def test_the_same_webhook_twice_at_a_time_is_sent_once(world: World) -> None:
    world.sending.may_end.clear()
    first = asyncio.ensure_future(world.handle())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert isinstance(await world.handle(), Again)
    world.sending.may_end.set()
    assert await first is None
    assert await world.handle() is None
    assert len(world.sending.sent) == 1


async def test_a_cancelled_attempt_gives_back_its_place(world: World) -> None:
    world.sending.may_end.clear()
    task = asyncio.ensure_future(world.handle())
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    world.sending.may_end.set()
    assert await world.handle() is None
    assert world.count("delivered") == 1
