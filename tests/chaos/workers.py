"""Workers killed, stopped, slowed down and joining, while a proxy goes on."""

import asyncio
import random
import signal
from contextlib import suppress

from tests.chaos.load import Load
from tests.chaos.row import Row
from tests.chaos.world import World
from tests.support.processes import Process

RATE = 50.0
KILLS = 20


async def _stretched(process: Process, seconds: float) -> None:
    """A tenth of its speed: stopped for nine parts of ten."""
    assert process.popen is not None
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + seconds
    try:
        while loop.time() < ends_s:
            process.popen.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.45)
            process.popen.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.05)
    finally:
        with suppress(ProcessLookupError):
            process.popen.send_signal(signal.SIGCONT)


async def workers_stopped(world: World) -> Row:
    """All workers stopped for five minutes under load, then started: how fast do they catch up?"""
    proxy = world.process("proxy", role="proxy")
    workers = [world.process(f"worker-{n}", role="worker") for n in range(2)]
    await world.ready(*workers, proxy)
    async with Load(lambda: proxy.url, RATE).on() as load:
        await asyncio.sleep(world.seconds(10))
        for each in workers:
            await asyncio.to_thread(each.stop)
        before = len(load.ids)
        await asyncio.sleep(world.seconds(300))
        behind = len(load.ids) - before
        await world.ready(*workers)
    took_s = await world.settle(workers[0], load.ids)
    row = await world.row(
        f"all workers stopped for {world.seconds(300):.0f} s", workers[0], load.ids
    )
    row.p99_ms = load.worst_p99_ms
    row.notes = f"{behind} behind, caught up at {behind / max(took_s, 0.1):.0f}/s or more"
    return row


async def slow_worker(world: World) -> Row:
    """One of two workers at a tenth of its speed."""
    proxy = world.process("proxy", role="proxy")
    workers = [world.process(f"worker-{n}", role="worker") for n in range(2)]
    await world.ready(*workers, proxy)
    async with Load(lambda: proxy.url, RATE).on() as load:
        await _stretched(workers[1], world.seconds(120))
    await world.settle(workers[0], load.ids)
    row = await world.row("one worker at a tenth of its speed", workers[0], load.ids)
    row.p99_ms = load.worst_p99_ms
    return row


async def worker_killed(world: World) -> Row:
    """SIGKILL in the middle of a batch, again and again."""
    proxy, worker = world.process("proxy", role="proxy"), world.process("worker", role="worker")
    await world.ready(worker, proxy)
    chance, kills = random.Random(3), max(3, int(KILLS * world.scale))
    async with Load(lambda: proxy.url, 2 * RATE).on() as load:
        for _ in range(kills):
            await asyncio.sleep(1 + 2 * chance.random())
            worker.kill()
            await world.ready(worker)
    await world.settle(worker, load.ids)
    row = await world.row(f"worker SIGKILL, {kills} times", worker, load.ids)
    row.p99_ms = load.worst_p99_ms
    return row


async def workers_come_and_go(world: World) -> Row:
    """Two workers under load: one is killed, a third one joins, the first comes back."""
    proxy = world.process("proxy", role="proxy")
    workers = [world.process(f"worker-{n}", role="worker") for n in range(3)]
    await world.ready(*workers[:2], proxy)
    async with Load(lambda: proxy.url, RATE).on() as load:
        await asyncio.sleep(world.seconds(15))
        workers[0].kill()
        await asyncio.sleep(world.seconds(10))
        await world.ready(workers[2])
        await asyncio.sleep(world.seconds(15))
        await world.ready(workers[0])
        await asyncio.sleep(world.seconds(10))
    await world.settle(workers[1], load.ids)
    row = await world.row("two workers, one killed, one joined", workers[1], load.ids)
    row.p99_ms = load.worst_p99_ms
    return row
