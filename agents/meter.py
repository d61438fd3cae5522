"""The agent on `exchanges`: counts every exchange once, however often its message comes.

    message -> decode -> look up `seen` and `users` -> step (pure) -> effects: put, emit, put

Effects are queued and the offset is committed only when all of them are durable, so after a crash
the same messages come again while any part of their effects may be there already. What to do is
told by two things that are never durable together:

    seen[tenant|request_id]   where the id was first counted. Known at another position: a
                              duplicate, dropped. Unknown, or known at this very one: go on.
    the aggregate's guard     covers this position: the aggregate has it already and is put again
                              as it is, so that the changelog has it before the offset commits.

In both of the latter cases the fact goes out under the same id and `seen` is put again. Messages
of a partition come in offset order, which is why a replay meets the first position of an id first.
A record sent again in a new epoch of the topic is a duplicate as well: its id is known.

An id unknown to `seen` may have expired there, so a record that reached the broker later than the
lifetime of `seen` after it was made goes to the dead letters; that is told by the message alone, so
each redelivery ends the same. What cannot be read or counted goes there too, its neighbours do not.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, get_args

from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit
from app.clock import Clock, utc
from app.engine.contracts import Emitter, Message, Position, Store, StreamApp
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import decode_record, encode_fact
from app.record.fact import Cost, Fact
from app.record.keys import exchange_key, seen_key
from app.record.model import Record
from app.record.topics import Topics
from tables import aggregate_codec, seen
from tables.aggregate import Aggregate, apply
from tables.seen import Seen
from tables.top_users import TopUsers

NAME = "meter"
Price = Callable[[Record], Cost]
Deliveries = Callable[[Fact], Iterable[tuple[bytes, bytes]]]
"""Keys and values of the webhooks a fact makes: the same whenever it is asked, and never raises."""
Verdict = Literal["counted", "repeated", "duplicate"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Arrival(NamedTuple):
    """A record, where it was read, the broker's time of its message, and the time now."""

    record: Record
    position: Position
    broker_s: float
    now_s: float


class Known(NamedTuple):
    """What the tables say when a record arrives."""

    seen: Seen | None
    aggregate: Aggregate | None


class Effects(NamedTuple):
    """What is to be put and emitted for a record that is no duplicate."""

    verdict: Verdict
    aggregate: Aggregate
    fact: Fact
    seen: Seen


def step(arrival: Arrival, known: Known, price: Price, seen_ttl_s: float) -> Effects | None:
    """The effects of one record; None for a duplicate.

    Raises: RecordError (`too_old_to_dedupe`).
    """
    record, position, broker_s, now_s = arrival
    entry, aggregate = known
    if entry is not None and not entry.is_at(position):
        return None
    age_s = broker_s - record.produced_at.timestamp()
    if entry is None and age_s > seen_ttl_s:
        detail = f"reached the broker {age_s:.0f} s after it was made; ids live {seen_ttl_s:.0f} s"
        raise RecordError("too_old_to_dedupe", detail)
    cost = price(record)
    repeated = aggregate is not None and aggregate.covers(position)
    if aggregate is None or not repeated:
        aggregate = apply(aggregate, record, cost, position, broker_s)
    epoch, _, partition, offset = position
    fact = Fact(
        record=record,
        cost=cost,
        epoch=epoch,
        partition=partition,
        offset=offset,
        metered_at=utc(now_s),
    )
    remembered = Seen(epoch, partition, offset, int(broker_s * 1000))
    return Effects("repeated" if repeated else "counted", aggregate, fact, remembered)


def check_key(message: Message, record: Record) -> bytes:
    """The message's key. Raises: RecordError if it is not the record's: the partition is wrong."""
    key = exchange_key(record.tenant, record.user, record.request_id)
    if message.key != key:
        raise RecordError("invalid", "the message's key is not that of the record")
    return key


class Values(NamedTuple):
    """The effects as bytes."""

    aggregate: bytes
    fact: bytes
    seen: bytes


class Meter:
    """Looks up, steps, carries out; one message at a time, all of one partition in offset order."""

    def __init__(
        self,
        *,
        users: Store,
        seen: Store,
        emitter: Emitter,
        topics: Topics,
        price: Price,
        seen_ttl_s: float,
        top: TopUsers,
        clock: Clock,
        metrics: Metrics,
        on_counted: Callable[[Fact], None] | None = None,
        letter_limit: LetterLimit | None = None,
        deliveries: Deliveries | None = None,
    ) -> None:
        """`on_counted` sees each fact once it is counted; it must not block."""
        self._on_counted = on_counted
        self._deliveries = deliveries
        self._deliveries_topic = topics.deliveries
        self._users = users
        self._seen = seen
        self._emitter = emitter
        self._facts_topic = topics.facts
        self._price = price
        self._seen_ttl_s = seen_ttl_s
        self._top = top
        self._clock = clock
        self._metrics = metrics
        self._verdicts = {name: metrics.metered_total.labels(verdict=name) for name in VERDICTS}
        self._dead = DeadLetters(
            emitter,
            topics.dead_letters,
            stage=NAME,
            clock=clock,
            metrics=metrics,
            limit=letter_limit,
        )

    def handle(self, message: Message) -> None:
        """Queue the effects of one message: its own, or a dead letter.

        Raises what the stores and the emitter raise, and TooManyDeadLettersError; nothing else
        for the message's sake.
        """
        record = None
        try:
            record = decode_record(message.value)
            key = check_key(message, record)
            outcome = self._decide(message, key, record)
        except RecordError as exc:
            self._dead.bury(message, exc, attempt=record.attempt if record else 0)
            return
        if outcome is None:
            self._verdicts["duplicate"].inc()
            return
        effects, values = outcome
        self._users.put(key, values.aggregate)
        self._emitter.emit(self._facts_topic, record.request_id.encode(), values.fact)
        if self._deliveries is not None:
            for endpoint, delivery in self._deliveries(effects.fact):
                self._emitter.emit(self._deliveries_topic, endpoint, delivery)
        self._seen.put(seen_key(record.tenant, record.request_id), values.seen)
        self._top.put(message.position.partition, key, effects.aggregate)
        self._observe(record, effects)

    def _decide(
        self, message: Message, key: bytes, record: Record
    ) -> tuple[Effects, Values] | None:
        """The effects of a record, encoded, before any of them happens; None for a duplicate."""
        now_s = self._clock.now_s()
        broker_s = message.broker_time_s if message.broker_time_s > 0 else now_s
        entry = self._seen.get(seen_key(record.tenant, record.request_id))
        value = self._users.get(key)
        try:
            known = Known(
                None if entry is None else seen.decode(entry),
                None if value is None else aggregate_codec.decode(value),
            )
            arrival = Arrival(record, message.position, broker_s, now_s)
            effects = step(arrival, known, self._price, self._seen_ttl_s)
            return None if effects is None else (effects, encode(effects))
        except RecordError:
            raise
        except Exception as exc:
            # one record that cannot be counted must not stop its neighbours
            raise RecordError("step_failed", f"{type(exc).__name__}: {exc}") from exc

    def _observe(self, record: Record, effects: Effects) -> None:
        self._verdicts[effects.verdict].inc()
        if effects.verdict != "counted":
            return
        if (reason := effects.fact.cost.unpriced_reason) is not None:
            self._metrics.unpriced_total.labels(reason=reason).inc()
        ended_s = record.started_at.timestamp() + record.timings_ms.total / 1000
        delay_s = effects.fact.metered_at.timestamp() - ended_s
        self._metrics.metered_delay_seconds.observe(max(0.0, delay_s))
        if self._on_counted is not None:
            self._on_counted(effects.fact)


def encode(effects: Effects) -> Values:
    """The effects as they are put and emitted. Raises: RecordError."""
    return Values(
        aggregate_codec.encode(effects.aggregate),
        encode_fact(effects.fact),
        seen.encode(effects.seen),
    )


def register(app: StreamApp, meter: Meter, topics: Topics) -> None:
    """Run the meter on every message of `exchanges`."""

    @app.agent(app.source(topics.exchanges), name=NAME)
    async def meter_agent(stream: Any) -> None:
        await app.process(stream, meter.handle)
