"""A meter over memory stores and a log to read from: sends, crashes, rewinds and new epochs."""

import zlib
from collections.abc import Container
from datetime import UTC, datetime
from typing import Any

from agents.meter import Meter
from app.clock import ManualClock
from app.engine.contracts import Message, Position
from app.engine.memory import MemoryEmitter, MemoryStore
from app.metrics import Metrics
from app.record.codec import decode_dead_letter, decode_fact, encode_record
from app.record.dead_letter import DeadLetter
from app.record.fact import Cost, Fact
from app.record.keys import exchange_key
from app.record.model import Record
from app.record.topics import Topics
from tables import aggregate_codec
from tables.aggregate import Aggregate, apply
from tables.top_users import TopUsers
from tests.support.records import record

TOPICS = Topics()
TTL_S = 10 * 86_400.0
NOW_S = 1_790_000_000.0
EVERYTHING = range(1_000_000)


def numbered(number: int, **changes: Any) -> Record:
    """Record `number`: always the same, of the same user, whenever it is asked for."""
    made_at = datetime.fromtimestamp(NOW_S - 5, UTC)
    fields: dict[str, Any] = {
        "request_id": f"00000000-0000-7000-8000-{number:012x}",
        "user": f"user-{number % 3}",
        "started_at": made_at,
        "produced_at": made_at,
        "model": f"model-{number % 5}",
    }
    return record(**(fields | changes))


def price(of: Record) -> Cost:
    """A price that tells records apart; every seventh is unknown."""
    digest = zlib.crc32(of.request_id.encode())
    if digest % 7 == 0:
        return Cost(nano_usd=None, price_version="test", unpriced_reason="unknown_model")
    return Cost(nano_usd=digest, price_version="test")


def message_of(
    made: Record, offset: int, *, epoch: str = "e1", broker_s: float = NOW_S, partition: int = 0
) -> Message:
    """The message that carries a record."""
    return Message(
        exchange_key(made.tenant, made.user, made.request_id),
        encode_record(made),
        Position(epoch, TOPICS.exchanges, partition, offset),
        broker_s,
    )


def aggregate_of(*numbers: int, **changes: Any) -> Aggregate:
    """What is counted of these records, one after the other."""
    known = None
    for offset, number in enumerate(numbers):
        made = numbered(number, **changes)
        known = apply(known, made, price(made), message_of(made, offset).position, NOW_S)
    assert known is not None
    return known


class Rig:
    """One partition of `exchanges`, a consumer of it, and everything the meter writes to."""

    def __init__(self) -> None:
        self.users = MemoryStore()
        self.seen = MemoryStore()
        self.emitter = MemoryEmitter()
        self.clock = ManualClock(NOW_S)
        self.metrics = Metrics()
        self.top = TopUsers(100)
        self.epoch = "e1"
        self.log: list[Message] = []
        self.next_offset = 0
        self.committed = 0
        self.meter = self.new_meter()

    def new_meter(self, **changes: Any) -> Meter:
        """A meter over this rig's stores."""
        parts: dict[str, Any] = {
            "users": self.users,
            "seen": self.seen,
            "emitter": self.emitter,
            "topics": TOPICS,
            "price": price,
            "seen_ttl_s": TTL_S,
            "top": self.top,
            "clock": self.clock,
            "metrics": self.metrics,
        }
        return Meter(**(parts | changes))

    def send(self, made: Record) -> Message:
        """Append a record to the log."""
        message = message_of(made, len(self.log), epoch=self.epoch)
        self.log.append(message)
        return message

    def send_raw(self, key: bytes | None, value: bytes | None) -> Message:
        """Append any bytes to the log."""
        position = Position(self.epoch, TOPICS.exchanges, 0, len(self.log))
        message = Message(key, value, position, NOW_S)
        self.log.append(message)
        return message

    def handle_next(self) -> None:
        """Handle one message, if there is one."""
        if self.next_offset < len(self.log):
            self.meter.handle(self.log[self.next_offset])
            self.next_offset += 1

    def drain(self) -> None:
        """Handle all there is, then commit."""
        while self.next_offset < len(self.log):
            self.handle_next()
        self.commit()

    def commit(self) -> None:
        """All effects become durable, then the offset is committed."""
        self.users.commit()
        self.seen.commit()
        self.emitter.commit()
        self.committed = self.next_offset

    def crash(
        self,
        users: Container[int] = (),
        seen: Container[int] = (),
        emitted: Container[int] = (),
        *,
        users_on_disk: Container[int] = (),
        seen_on_disk: Container[int] = (),
    ) -> None:
        """Stop at once: of what was queued only these indexes survive; read on from the commit."""
        self.users.crash(users, users_on_disk)
        self.seen.crash(seen, seen_on_disk)
        self.emitter.crash(emitted)
        self.next_offset = self.committed

    def rewind(self) -> None:
        """Read the topic from its start."""
        self.commit()
        self.next_offset = self.committed = 0

    def renew_topic(self, epoch: str) -> None:
        """Make the topic anew, once all of it is handled; tables are kept."""
        self.drain()
        self.epoch, self.log = epoch, []
        self.next_offset = self.committed = 0

    def aggregate(self, user: str, tenant: str = "default") -> Aggregate:
        """A user's aggregate."""
        value = self.users.get(f"{tenant}|{user}".encode())
        assert value is not None, f"no aggregate of {user}"
        return aggregate_codec.decode(value)

    def facts(self) -> list[Fact]:
        """Every fact emitted, repetitions included."""
        return [decode_fact(each.value) for each in self.emitter.on(TOPICS.facts)]

    def letters(self) -> list[DeadLetter]:
        """Every dead letter emitted, repetitions included."""
        return [decode_dead_letter(each.value) for each in self.emitter.on(TOPICS.dead_letters)]

    def metric(self, name: str, **labels: str) -> float:
        """The value of one counter."""
        return self.metrics.registry.get_sample_value(f"tailrace_{name}", labels) or 0.0
