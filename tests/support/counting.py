"""A small stream app for tests against a broker: counts messages per key, guarded by offset."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from app.engine.app import StreamApp
from app.engine.contracts import Message
from app.engine.options import EngineOptions
from app.engine.stream_side import StreamSide, Supervision
from app.errors import Unavailable
from app.record.topics import TopicSpec

KEYS = 20
QUICK = Supervision(backoff_first_s=0.1, backoff_max_s=0.5, stop_timeout_s=60, abort_timeout_s=30)


def options(servers: str, name: str, data_dir: Path, **changes: Any) -> EngineOptions:
    """Options with short times, for a group and topics of this test's own."""
    values: dict[str, Any] = {
        "app_id": name,
        "brokers": (servers,),
        "partitions": 4,
        "data_dir": data_dir,
        "session_timeout_s": 6.0,
        "rebalance_timeout_s": 10.0,
        "heartbeat_interval_s": 1.0,
        "commit_interval_s": 0.2,
    }
    return EngineOptions(**{**values, **changes})


class Counting:
    """One incarnation: counts in the table `counts`, emits to `<name>.out`."""

    def __init__(
        self, opts: EngineOptions, before: Callable[[Message], None] = lambda message: None
    ) -> None:
        self.app = StreamApp(opts)
        self.name = opts.app_id
        self.handled: list[Message] = []
        self._before = before
        self._counts = self.app.store("counts")
        self._seen = self.app.store("seen", ttl_s=86_400)

        @self.app.agent(self.app.source(self.name), name="count")
        async def count(stream: Any) -> None:
            await self.app.process(stream, self.handle)

    def handle(self, message: Message) -> None:
        assert message.key is not None
        assert message.value is not None
        self._before(message)
        count, offset = parse(self._counts.get(message.key))
        if message.position.offset > offset:
            count, offset = count + 1, message.position.offset
        self._counts.put(message.key, b"%d:%d" % (count, offset))
        self._seen.put(message.value, b"1")
        self.app.emit(f"{self.name}.out", message.key, message.value)
        self.handled.append(message)


def parse(value: bytes | None) -> tuple[int, int]:
    """Count and last offset of a value of `counts`."""
    if value is None:
        return 0, -1
    count, offset = value.split(b":")
    return int(count), int(offset)


def topics(name: str, app: StreamApp) -> list[TopicSpec]:
    """Every topic that a `Counting` needs."""
    return [TopicSpec(name), TopicSpec(f"{name}.out"), *app.changelog_specs()]


def key(number: int) -> bytes:
    """The key of the numbered message."""
    return b"user-%d" % (number % KEYS)


async def produce(servers: str, topic: str, numbers: range) -> None:
    """Numbered messages over all keys, acked when this returns."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=5)
    await producer.start()
    try:
        for number in numbers:
            await producer.send(topic, b"%d" % number, key=key(number))
        await producer.flush()
    finally:
        await producer.stop()


def totals(app: Any) -> dict[bytes, int]:
    """The counts of all keys as a query sees them."""
    return {key(number): parse(app.get("counts", key(number)))[0] for number in range(KEYS)}


def expected(messages: int) -> dict[bytes, int]:
    """The counts of all keys when every message was counted once."""
    return {key(number): messages // KEYS for number in range(KEYS)}


async def read_all(servers: str, topic: str, partitions: int = 4) -> list[Any]:
    """Every message of a topic up to its end as it is now, in offset order per partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        messages: list[Any] = []
        for tp in tps:
            while await consumer.position(tp) < ends[tp]:
                for batch in (await consumer.getmany(tp, timeout_ms=500)).values():
                    messages += batch
        return messages
    finally:
        await consumer.stop()


async def changelog_totals(servers: str, name: str) -> dict[bytes, int]:
    """The counts as a recovery into an empty directory would find them."""
    latest = {m.key: m.value for m in await read_all(servers, f"{name}-counts-changelog")}
    return {each: parse(value)[0] for each, value in latest.items()}


async def emitted(servers: str, name: str) -> Counter[bytes]:
    """How often each value was emitted."""
    return Counter(m.value for m in await read_all(servers, f"{name}.out"))


async def committed(servers: str, group: str, topic: str, partitions: int = 4) -> list[int]:
    """The committed offset of every partition, 0 where there is none."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        found = [await consumer.committed(TopicPartition(topic, p)) for p in range(partitions)]
    finally:
        await consumer.stop()
    return [offset or 0 for offset in found]


def is_exact(tables: Any, messages: int) -> bool:
    """Whether the tables can be read and every message is counted once."""
    try:
        return totals(tables) == expected(messages)
    except Unavailable:
        return False


async def until_committed(servers: str, group: str, topic: str, messages: int) -> None:
    """Wait until the group has committed every message: replays are counted but not at once."""
    while sum(await committed(servers, group, topic)) != messages:
        await asyncio.sleep(0.1)


@asynccontextmanager
async def supervised(build: Any, **kwargs: Any) -> AsyncIterator[StreamSide]:
    """A stream side with short backoffs, always stopped."""
    side = StreamSide(build, supervision=QUICK, **kwargs)
    await side.start()
    try:
        yield side
    finally:
        await side.stop()


@asynccontextmanager
async def running(counting: Counting) -> AsyncIterator[Counting]:
    """One incarnation without a supervisor, always stopped."""
    await counting.app.start()
    try:
        yield counting
    finally:
        await counting.app.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Poll until a condition holds; the test's own timeout bounds it."""
    while not condition():
        await asyncio.sleep(0.02)
