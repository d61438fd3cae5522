"""Poison among the records, topics read again, everything sent twice, clocks that jump."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.record.model import Record
from tests.chaos.row import Row
from tests.chaos.world import PARTITIONS, World
from tests.support.consume import consume_all
from tests.support.exchanges import exchanges, user_names
from tests.support.offsets import read_again
from tests.support.processes import Process
from tests.support.produce import produce, produce_raw

RECORDS = 20_000
FEWEST = 2_000
GROUP = "tailrace"


def records_of(world: World, seed: int) -> list[Record]:
    """So many records of many users, made now."""
    count = max(FEWEST, int(RECORDS * world.scale))
    return list(exchanges(seed, count, users=user_names(50), started_at=datetime.now(UTC)))


def ids_of(records: Sequence[Record]) -> dict[str, str]:
    """Their users by their ids."""
    return {record.request_id: record.user for record in records}


async def _worker(world: World) -> Process:
    worker = world.process("worker", role="worker")
    await world.ready(worker)
    return worker


async def poison(world: World) -> Row:
    """One in a hundred cannot be read: each goes to the dead letters alone."""
    worker, records = await _worker(world), records_of(world, 41)
    bad = len(records) // 100
    for place in range(0, len(records), 100):
        await produce(world.broker.bootstrap_servers, records[place : place + 100])
        await produce_raw(
            world.broker.bootstrap_servers,
            world.topics.exchanges,
            [(b"default|user-%03d" % (place // 100 % 50), b"\xff poison")],
        )
    ids = ids_of(records)
    await world.settle(worker, ids)
    row = await world.row("1 % poison records", worker, ids)
    letters = await consume_all(world.broker.bootstrap_servers, world.topics.dead_letters)
    row.notes = f"{bad} poisoned, {len(letters)} dead letters"
    if len(letters) != bad:
        row.faults.append(row.notes)
    return row


async def _rewind(world: World) -> None:
    """Let the group begin the topic again; nobody may be in it."""
    topics = [world.topics.exchanges]
    await read_again(world.broker.bootstrap_servers, GROUP, topics, PARTITIONS)


async def replayed(world: World) -> Row:
    """The topic is read from its beginning, twice; once with the local tables, once without."""
    worker, records = await _worker(world), records_of(world, 42)
    ids = ids_of(records)
    await produce(world.broker.bootstrap_servers, records)
    await world.settle(worker, ids)
    for _ in range(2):
        worker.stop()
        await _rewind(world)
        await world.ready(worker)
        await world.settle(worker, ids)
    return await world.row("source topic replayed twice", worker, ids)


async def duplicated(world: World) -> Row:
    """Every record arrives twice, some of them long after."""
    worker, records = await _worker(world), records_of(world, 43)
    ids = ids_of(records)
    half = len(records) // 2
    servers = world.broker.bootstrap_servers
    await produce(servers, [each for record in records[:half] for each in (record, record)])
    await produce(servers, records[half:])
    await produce(servers, records[half:])
    await produce(servers, records[:100])
    await world.settle(worker, ids)
    return await world.row("a duplicate of every record", worker, ids)


async def clock_jump(world: World) -> Row:
    """Producers whose clocks are hours off, forward and back, and jump."""
    worker, records = await _worker(world), records_of(world, 44)
    offsets = [timedelta(), timedelta(hours=6), timedelta(hours=-30), timedelta(minutes=-1)]
    moved = [
        record.model_copy(
            update={
                "produced_at": record.produced_at + offsets[number // 37 % 4],
                "started_at": record.started_at + offsets[number // 37 % 4],
            }
        )
        for number, record in enumerate(records)
    ]
    ids = ids_of(moved)
    await produce(world.broker.bootstrap_servers, moved)
    await world.settle(worker, ids)
    return await world.row("clock jump", worker, ids)
