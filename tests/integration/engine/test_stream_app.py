"""One incarnation and its successors on a real broker."""

from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.engine.app import StreamApp
from app.engine.contracts import Message
from app.errors import Unavailable
from tests.support.counting import (
    Counting,
    changelog_totals,
    committed,
    emitted,
    expected,
    is_exact,
    key,
    options,
    produce,
    running,
    supervised,
    topics,
    totals,
    until,
    until_committed,
)
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_every_message_is_counted_once_and_committed(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    counting = Counting(options(servers, name, tmp_path))
    assigned: list[set[int]] = []
    revoked: list[set[int]] = []
    counting.app.on_assigned(assigned.append)
    counting.app.on_revoked(revoked.append)
    await kafka_broker.create_topics(topics(name, counting.app))
    await produce(servers, name, range(2000))
    async with running(counting):
        await until(lambda: len(counting.handled) == 2000)
        assert counting.app.phase == "running"
        assert totals(counting.app) == expected(2000)
        assert len(list(counting.app.scan("counts", counting.app.partition_of(key(0))))) > 0
    assert (assigned, revoked) == ([{0, 1, 2, 3}], [{0, 1, 2, 3}])
    assert sum(await committed(servers, name, name)) == 2000
    assert await emitted(servers, name) == {b"%d" % number: 1 for number in range(2000)}
    assert await changelog_totals(servers, name) == expected(2000)
    with pytest.raises(Unavailable):
        counting.app.get("counts", key(0))


async def test_tables_recover_into_an_empty_directory_before_they_are_served(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    first = Counting(options(servers, name, tmp_path / "first"))
    await kafka_broker.create_topics(topics(name, first.app))
    await produce(servers, name, range(2000))
    async with running(first):
        await until(lambda: len(first.handled) == 2000)
    second = Counting(options(servers, name, tmp_path / "second"))
    at_assignment: list[dict[bytes, int]] = []

    async def read(partitions: set[int]) -> None:
        found = {}
        for partition in sorted(partitions):
            async for each, value in second.app.scan_slowly("counts", partition):
                found[each] = int(value.split(b":")[0])
        assert second.handled == []
        at_assignment.append(found)

    second.app.on_assigned(read)
    async with running(second):
        assert at_assignment == [expected(2000)]
        assert totals(second.app) == expected(2000)
    assert second.handled == []


async def test_a_replay_from_the_start_changes_no_total(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    counting = Counting(options(servers, name, tmp_path))
    await kafka_broker.create_topics(topics(name, counting.app))
    await produce(servers, name, range(400))
    async with running(counting):
        await until(lambda: len(counting.handled) == 400)
    again = Counting(options(servers, name, tmp_path))
    await _reset_group(kafka_broker, name)
    async with running(again):
        await until(lambda: len(again.handled) == 400)
        assert totals(again.app) == expected(400)


async def _reset_group(broker: KafkaBroker, group: str) -> None:
    """Commit the start of every partition of the topic that has the group's name."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        tps = [TopicPartition(group, partition) for partition in range(4)]
        consumer.assign(tps)
        await consumer.commit(dict.fromkeys(tps, 0))
    finally:
        await consumer.stop()


async def test_a_lost_change_ends_the_incarnation_and_the_next_goes_on_exactly(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    lives: list[Counting] = []

    async def build() -> StreamApp:
        counting = Counting(options(servers, name, tmp_path))
        lives.append(counting)
        if len(lives) == 1:
            _lose_one_change(counting, after=100)
        return counting.app

    await kafka_broker.create_topics(topics(name, Counting(options(servers, name, tmp_path)).app))
    await produce(servers, name, range(2000))
    async with supervised(build) as side:
        await until(lambda: side.restarts_total >= 1 and is_exact(side, 2000))
        await until_committed(servers, name, name, 2000)
        assert side.restarts_total == 1
        assert "cannot produce" in str(side.last_error)
    assert await changelog_totals(servers, name) == expected(2000)
    assert set(await emitted(servers, name)) == {b"%d" % number for number in range(2000)}


def _lose_one_change(counting: Counting, after: int) -> None:
    send = counting.app.outbox.send
    assert send is not None
    sent = 0

    async def lossy(outgoing: Any) -> Any:
        nonlocal sent
        if outgoing.topic.endswith("-counts-changelog"):
            sent += 1
            if sent > after:
                raise OSError("the broker is gone for this one")
        return await send(outgoing)

    counting.app.outbox.send = lossy


async def test_a_handler_that_fails_once_loses_and_doubles_nothing(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    lives = 0

    def fail_in_the_first_life(message: Message) -> None:
        if lives == 1 and message.value == b"1234":
            raise RuntimeError("boom")

    async def build() -> StreamApp:
        nonlocal lives
        lives += 1
        return Counting(options(servers, name, tmp_path), before=fail_in_the_first_life).app

    await kafka_broker.create_topics(topics(name, Counting(options(servers, name, tmp_path)).app))
    await produce(servers, name, range(2000))
    async with supervised(build) as side:
        await until(lambda: side.restarts_total == 1 and is_exact(side, 2000))
        await until_committed(servers, name, name, 2000)


async def test_a_commit_is_never_ahead_of_its_effects(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    counting = Counting(options(servers, name, tmp_path, commit_interval_s=0.02))
    await kafka_broker.create_topics(topics(name, counting.app))
    reader = counting.app.reader
    outbox = counting.app.outbox
    acked: set[bytes] = set()
    early: list[Any] = []
    commit = reader._commit
    ended = outbox._ended

    def note(sharing: Any, future: Any) -> None:
        ended(sharing, future)
        acked.update(each.value for each in sharing if each.topic == f"{name}.out")

    async def checked(offsets: Any) -> bool:
        for tp, offset in offsets.items():
            early.extend(
                each.position
                for each in counting.handled
                if each.position.partition == tp.partition
                and each.position.offset < offset
                and each.value not in acked
            )
        return await commit(offsets)

    outbox._ended = note  # type: ignore[method-assign]
    reader._commit = checked  # type: ignore[method-assign]
    async with running(counting):
        for start in range(0, 2000, 200):
            await produce(servers, name, range(start, start + 200))
        await until(lambda: len(counting.handled) == 2000)
    assert early == []
    assert sum(await committed(servers, name, name)) == 2000


async def test_a_pause_holds_and_a_resume_goes_on(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    servers, name = kafka_broker.bootstrap_servers, topic_prefix
    counting = Counting(options(servers, name, tmp_path))
    await kafka_broker.create_topics(topics(name, counting.app))
    held = counting.app.partition_of(key(0))
    others = [n for n in range(400) if counting.app.partition_of(key(n)) != held]
    async with running(counting):
        counting.app.pause(name, held)
        # the fetch that was under way may still bring the paused partition: let it end
        await produce(servers, name, range(others[0], others[0] + 1))
        await until(lambda: len(counting.handled) == 1)
        await produce(servers, name, range(400))
        await until(lambda: len(counting.handled) == 1 + len(others))
        assert {m.position.partition for m in counting.handled}.isdisjoint({held})
        counting.app.resume(name, held)
        await until(lambda: len(counting.handled) == 401)
    assert sum(await committed(servers, name, name)) == 401
