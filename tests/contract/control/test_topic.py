"""On a real broker: the suite, and what several processes see of each other."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.control import snapshot, topic
from app.control.contents import CLAIM
from app.control.entries import encode_name, encode_value
from app.control.topic import ControlTopic
from app.errors import Unavailable
from app.record.topics import TopicSpec
from tests.contract.control.conformance import Conformance
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.produce import produce_raw

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
COMPACT = {"cleanup.policy": "compact"}


class World:
    """One topic, and any number of processes that follow it."""

    def __init__(self, broker: KafkaBroker, topic: str, root: Path) -> None:
        self.broker, self.topic, self.root = broker, topic, root
        self.open: list[ControlTopic] = []

    async def make_topic(self) -> None:
        """The empty topic."""
        await self.broker.create_topics([TopicSpec(self.topic, 1, COMPACT)])

    def path(self, name: str) -> Path:
        """Where a process keeps its snapshot."""
        return self.root / f"{name}.json"

    async def process(self, name: str) -> ControlTopic:
        """One that follows the topic."""
        connection = {"bootstrap_servers": self.broker.bootstrap_servers}
        control = ControlTopic(
            connection, self.topic, self.path(name), backoff_s=0.2, put_timeout_s=2
        )
        await control.start()
        self.open.append(control)
        return control


@pytest.fixture
async def world(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[World]:
    made = World(kafka_broker, f"{topic_prefix}.control", tmp_path)
    yield made
    for control in made.open:
        await control.stop()


async def until(condition: Any, timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


class TestTopic(Conformance):
    """On the topic."""

    @pytest.fixture
    async def control(self, world: World) -> ControlTopic:
        await world.make_topic()
        return await world.process("one")


async def test_others_see_it_and_later_ones_read_it_whole(world: World) -> None:
    await world.make_topic()
    one, two = await world.process("one"), await world.process("two")
    await two.until_live()
    for number in range(300):
        await one.put("kind", f"k{number}", b"%d" % number)
    await one.put("kind", "k7", None)
    await until(lambda: len(two.items("kind")) == 299)
    late = await world.process("late")
    await late.until_live()
    assert late.items("kind") == one.items("kind") == two.items("kind")


async def test_the_topic_may_come_later_than_the_process(world: World) -> None:
    control = await world.process("one")
    await asyncio.sleep(0.5)
    assert control.state == "starting"
    await world.make_topic()
    await control.until_live()
    await control.put("kind", "a", b"1")


async def test_what_was_removed_meanwhile_is_gone(world: World) -> None:
    await world.make_topic()
    snapshot.write(world.path("old"), {encode_name("kind", "gone"): encode_value(b"1")})
    one = await world.process("one")
    await one.put("kind", "there", b"2")
    old = await world.process("old")
    await old.until_live()
    assert old.items("kind") == {"there": b"2"}


async def test_a_snapshot_is_kept_and_put_back_into_a_topic_made_anew(world: World) -> None:
    await world.make_topic()
    one = await world.process("one")
    newer = (b"kind/b", b'{"schema_version":9,"value":2}')
    await produce_raw(world.broker.bootstrap_servers, world.topic, [newer])
    await one.put("kind", "a", b"1")
    kept = {encode_name("kind", "a"): encode_value(b"1"), newer[0]: newer[1]}
    await until(lambda: snapshot.read(world.path("one")) == kept)
    await one.stop()
    await world.broker.delete_topics([world.topic])
    await world.make_topic()
    again, other = await world.process("one"), await world.process("other")
    await again.until_live()
    await until(lambda: other.get("kind", "a") == b"1")
    await until(lambda: snapshot.read(world.path("other")) == kept)


async def test_one_of_many_puts_back_and_one_that_was_left_half_way_is_made_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic, "SILENT_MS", 1000)
    kept = {encode_name("kind", f"k{number}"): encode_value(b"1") for number in range(50)}
    names = [f"p{number}" for number in range(4)]
    for name in names:
        snapshot.write(world.path(name), kept)
    await world.make_topic()
    for _ in range(2):
        them = [await world.process(name) for name in names]
        for each in them:
            await each.until_live()
            assert len(each.items("kind")) == 50
            await each.stop()
        messages = await consume_all(world.broker.bootstrap_servers, world.topic)
        put = [message.key for message in messages if message.key != CLAIM]
        assert sorted(put) == sorted(kept)
        assert [message.value for message in messages if message.key == CLAIM][-1] is None
        await world.broker.delete_topics([world.topic])
        await world.make_topic()
        claimed = [(CLAIM, encode_value(b'"gone"')), *list(kept.items())[:7]]
        await produce_raw(world.broker.bootstrap_servers, world.topic, claimed)
        names = names[:1]


@pytest.mark.slow
@pytest.mark.parametrize("away", ["killed", "paused"])
async def test_a_process_that_hears_nothing_says_so_until_it_does_again(
    own_kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path, away: str
) -> None:
    world = World(own_kafka_broker, f"{topic_prefix}.control", tmp_path)
    await world.make_topic()
    one = await world.process("one")
    try:
        await one.put("kind", "a", b"1")
        await asyncio.sleep(1.5 * topic.POLL_MS / 1000)
        assert one.state == "live"
        own_kafka_broker.kill() if away == "killed" else own_kafka_broker.signal(signal.SIGSTOP)
        await until(lambda: one.state == "stale", topic.POLL_MS / 1000 + topic.ANSWER_TIMEOUT_S + 1)
        own_kafka_broker.start() if away == "killed" else own_kafka_broker.signal(signal.SIGCONT)
        await until(lambda: one.state == "live", 60)
    finally:
        await one.stop()


@pytest.mark.slow
async def test_a_broker_that_goes_and_comes_back(
    own_kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    world = World(own_kafka_broker, f"{topic_prefix}.control", tmp_path)
    await world.make_topic()
    one = await world.process("one")
    try:
        await one.put("kind", "a", b"1")
        own_kafka_broker.kill()
        with pytest.raises(Unavailable):
            await one.put("kind", "a", b"2")
        assert one.get("kind", "a") == b"1"
        own_kafka_broker.start()
        async with asyncio.timeout(60):
            while one.get("kind", "a") != b"3":
                try:
                    await one.put("kind", "a", b"3")
                except Unavailable:
                    await asyncio.sleep(0.2)
    finally:
        await one.stop()


async def test_what_was_put_last_is_in_the_snapshot_when_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the disk is slow: nothing is written any more once it has stopped."""
    write = snapshot.write

    def slowly(path: Path, raw: Any) -> None:
        time.sleep(0.2)
        write(path, raw)

    monkeypatch.setattr(snapshot, "write", slowly)
    await world.make_topic()
    control = await world.process("one")
    for number in range(3):
        await control.put("kind", f"k{number}", b"1")
    await control.stop()
    written = world.path("one").stat().st_mtime_ns
    assert len(snapshot.read(world.path("one"))) == 3
    await asyncio.sleep(0.5)
    assert world.path("one").stat().st_mtime_ns == written
