"""The broker killed, away for long, away at boot: calls go on, and all of them are counted."""

import asyncio

from tests.chaos.load import Load
from tests.chaos.row import Row
from tests.chaos.world import World
from tests.support.relayed import metric

RATE = 50.0
MAY_GROW_MB = 64.0


async def broker_killed(world: World) -> Row:
    """SIGKILL under load, started again; three times."""
    worker = world.process("all", role="all")
    await world.ready(worker)
    async with Load(lambda: worker.url, RATE).on() as load:
        for _ in range(3):
            await asyncio.sleep(world.seconds(20))
            world.broker.kill()
            await asyncio.sleep(world.seconds(10))
            await world.restarted()
        await asyncio.sleep(world.seconds(10))
    await world.settle(worker, load.ids)
    row = await world.row("broker SIGKILL and restart", worker, load.ids)
    row.p99_ms = load.worst_p99_ms
    if load.failed:
        row.faults.append(f"calls failed: {dict(load.failed)}")
    return row


async def broker_gone(world: World) -> Row:
    """Gone for five minutes under load; memory must not grow with the time."""
    worker = world.process("all", role="all")
    await world.ready(worker)
    async with Load(lambda: worker.url, RATE).on() as load:
        await asyncio.sleep(world.seconds(15))
        before_mb = worker.rss_mb()
        world.broker.kill()
        await asyncio.sleep(world.seconds(300))
        grown_mb = worker.rss_mb() - before_mb
        spilled = await metric(worker, "spill_messages")
        await world.restarted()
        await asyncio.sleep(world.seconds(20))
    took_s = await world.settle(worker, load.ids)
    row = await world.row(f"broker gone for {world.seconds(300):.0f} s", worker, load.ids)
    row.p99_ms = load.worst_p99_ms
    row.notes = f"memory +{grown_mb:.0f} MB, {spilled:.0f} messages spilled, then {took_s:.0f} s"
    if load.failed:
        row.faults.append(f"calls failed: {dict(load.failed)}")
    if grown_mb >= MAY_GROW_MB:
        row.faults.append(f"memory grew by {grown_mb:.0f} MB")
    return row


async def broker_gone_at_boot(world: World) -> Row:
    """A proxy and a worker start without it."""
    world.broker.stop()
    proxy, worker = world.process("proxy", role="proxy"), world.process("worker", role="worker")
    proxy.start()
    worker.start()
    await proxy.until_live()
    async with Load(lambda: proxy.url, RATE).on() as load:
        await asyncio.sleep(world.seconds(60))
        await world.restarted()
        await worker.until_ready(120)
        await asyncio.sleep(world.seconds(10))
    await world.settle(worker, load.ids)
    row = await world.row("broker gone at boot", worker, load.ids)
    row.p99_ms = load.worst_p99_ms
    if load.failed:
        row.faults.append(f"calls failed: {dict(load.failed)}")
    return row
