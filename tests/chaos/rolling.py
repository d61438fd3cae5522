"""Three workers under load, restarted one by one, killed, and joining: every answer is judged.

Records go straight to Kafka, so that the ledger is what was sent, whatever becomes of workers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiokafka.partitioner import murmur2

from app.record.keys import user_key
from app.record.model import Record
from tests.chaos.row import Row
from tests.chaos.world import PARTITIONS, World
from tests.support.exchanges import Ledger, exchanges, user_names
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import answer_of
from tests.support.truth import Truth
from tests.support.watching import Watch, one_of_each, p95

USERS = user_names(500)
RECORDS = 30_000
RATE_PER_S = 150
PIECE_S = 0.5
EXACT_BACK_S = 15.0
STALE_TOOK_S = 2.0
STANDBYS = 1
ROUNDS = 3
Up = list[Process]


async def send(world: World, records: list[Record], until: asyncio.Event) -> int:
    """Send at the rate, all of them unless told to stop; how many were sent."""
    sent, piece = 0, int(RATE_PER_S * PIECE_S)
    while sent < len(records) and not until.is_set():
        await produce(world.broker.bootstrap_servers, records[sent : sent + piece])
        sent += piece
        await asyncio.sleep(PIECE_S)
    return min(sent, len(records))


def partition_of(user: str) -> int:
    """The partition of a user, as Kafka's default partitioner has it."""
    return int(murmur2(user_key("default", user)) & 0x7FFFFFFF) % PARTITIONS


async def watched(
    world: World, name: str, count: int, fault: Callable[[list[Process], Up], Awaitable[None]]
) -> tuple[Row, Watch]:
    """Three workers under load and what `fault` does to them; the row, its answers judged."""
    ledger, sent = Ledger(), Ledger()
    records = ledger.add_all(exchanges(5, count, users=USERS, started_at=datetime.now(UTC)))
    three = [
        world.process(f"worker-{n}", role="worker", engine__standby_replicas=STANDBYS)
        for n in range(3)
    ]
    await world.ready(*three)
    up, ended = list(three), asyncio.Event()
    watch = Watch(Truth(ledger), lambda: up)
    async with watch.on(USERS, one_of_each(USERS, partition_of)):
        sending = asyncio.create_task(send(world, records, ended))
        await asyncio.sleep(8)
        await fault(three, up)
        if world.scale < 1:
            ended.set()
        sent.add_all(records[: await sending])
        ids = {each.request_id: user for user in sent.users() for each in sent.records(user)}
        await world.settle(three[0], ids)
    row = await world.row(name, three[0], ids)
    row.faults += watch.truth.wrong[:3]
    for worker in three:
        for user in sent.users():
            if await answer_of(worker, user) != sent.expected(user):
                row.faults.append(f"{worker.data_dir.name} has other totals of {user}")
    judged = ", ".join(f"{n} {what}" for what, n in sorted(watch.truth.judged.items()))
    row.notes = (
        f"exact reads away {len(watch.outages_s)} times, p95 {p95(watch.outages_s):.1f} s;"
        f" stale=ok in {max(watch.stale_took_s, default=0):.2f} s or less,"
        f" {len(watch.stale_missed)} of {len(watch.stale_took_s)} missed, at most"
        f" {watch.truth.oldest_s:.1f} s old; answers: {judged}; {len(watch.truth.wrong)} wrong"
    )
    return row, watch


async def rolling_restart(world: World) -> Row:
    """SIGTERM and start, one worker after the other; `?stale=ok` answers throughout."""
    rounds = max(1, round(ROUNDS * world.scale))

    async def restart(three: list[Process], up: Up) -> None:
        for _ in range(rounds):
            for each in three:
                up.remove(each)
                await asyncio.to_thread(each.stop)
                each.start()
                await each.until_ready(120)
                up.append(each)
                await asyncio.sleep(5)

    name = f"rolling restart of three workers, {rounds} times"
    row, watch = await watched(world, name, RECORDS, restart)
    if (back_s := p95(watch.outages_s)) > EXACT_BACK_S:
        row.faults.append(f"exact reads back after {back_s:.1f} s at p95")
    if (took_s := max(watch.stale_took_s)) > STALE_TOOK_S or watch.stale_missed:
        row.faults.append(f"stale=ok took {took_s:.2f} s, missed {watch.stale_missed[:5]}")
    return row


async def workers_judged(world: World) -> Row:
    """Killed, joined and restarted one by one; every answer right, or an honest 503."""
    rounds = max(1, round(ROUNDS * world.scale))

    async def shake(three: list[Process], up: Up) -> None:
        for _ in range(rounds):
            for each in three:
                each.kill()
                await asyncio.sleep(world.seconds(10))
                await world.ready(each)
            for each in three:
                await asyncio.to_thread(each.stop)
                await world.ready(each)

    row, watch = await watched(world, f"three workers shaken, {rounds} times", RECORDS, shake)
    if not watch.truth.judged["exact"]:
        row.faults.append("nothing was answered")
    return row
