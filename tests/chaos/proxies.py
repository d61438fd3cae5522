"""Proxies killed, without a fallback, on a full disk, with a torn spill; SIGTERM in every role."""

import asyncio
import subprocess
import time
from pathlib import Path

from app.accounting.reading import read_ledger
from tests.chaos.load import Load
from tests.chaos.row import Row
from tests.chaos.world import World
from tests.support.processes import Process
from tests.support.relayed import metric, until_publishing

RATE = 50.0
DISK_MB = 2
# What a killed proxy had in memory: half a second of calls at this rate, on a loaded machine.
HELD_S = 1.0


async def proxy_killed(world: World) -> Row:
    """SIGKILL under load: only what was neither acknowledged nor spilled yet may be missing."""
    proxy, worker = world.process("proxy", role="proxy"), world.process("worker", role="worker")
    await world.ready(worker, proxy)
    kills = max(2, int(10 * world.scale))
    async with Load(lambda: proxy.url, RATE).on() as load:
        for _ in range(kills):
            await asyncio.sleep(world.seconds(10, 3))
            proxy.kill()
            await world.ready(proxy)
    await world.settle(worker, load.ids, 60)
    row = await world.row(f"proxy SIGKILL, {kills} times", worker, load.ids)
    row.p99_ms = load.worst_p99_ms
    row.may_lose = int(kills * RATE * HELD_S)
    killed = await _counted_as_killed(world)
    row.notes = f"bound {row.may_lose}: {HELD_S:.0f} s of calls a kill; {killed} counted as killed"
    if killed < row.lost:
        row.faults.append(f"{row.lost} lost, {killed} counted as killed")
    return row


async def _counted_as_killed(world: World) -> int:
    """What `tailrace reconcile` says that the killed took with them; -1 if it does not add up."""
    now_s = time.time()
    servers = {"bootstrap_servers": world.broker.bootstrap_servers}
    ledger = await read_ledger(world.topics, servers, since_s=now_s - 3600, until_s=now_s + 60)
    lines = ledger.lines(young_from=1 << 40)
    adds_up = all(line.adds_up for line in lines)
    return sum(line.dropped.get("killed", 0) for line in lines) if adds_up else -1


async def fallback_down(world: World) -> Row:
    """The broker is gone, and so is the backend to fall back to: the disk takes it all."""
    worker = world.process("worker", role="worker")
    other = world.process("other", role="worker")
    proxy = world.process("proxy", role="proxy", fallback__url=other.url, fallback__timeout_s=1)
    await world.ready(worker, proxy)
    async with Load(lambda: proxy.url, RATE).on() as load:
        await asyncio.sleep(world.seconds(10))
        world.broker.kill()
        await asyncio.sleep(world.seconds(60))
        spilled = await metric(proxy, "spill_messages")
        await world.restarted()
        await asyncio.sleep(world.seconds(10))
    await world.settle(worker, load.ids)
    row = await world.row("broker and fallback down", worker, load.ids)
    row.p99_ms, row.notes = load.worst_p99_ms, f"{spilled:.0f} messages spilled"
    return row


async def disk_full(world: World) -> Row:
    """The spill's disk is full while the broker is gone: what does not fit waits in memory."""
    disk = world.root / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    try:
        return await _on_a_small_disk(world, disk)
    finally:
        for each in world.processes:
            each.kill()
        await asyncio.to_thread(subprocess.run, ["umount", str(disk)], check=True)


async def _on_a_small_disk(world: World, disk: Path) -> Row:
    worker = world.process("worker", role="worker")
    proxy = world.process("proxy", role="proxy", spill__dir=disk)
    await world.ready(worker, proxy)
    async with Load(lambda: proxy.url, 4 * RATE).on() as load:
        world.broker.kill()
        await until_publishing(proxy, "retrying", timeout_s=120)
        await asyncio.sleep(world.seconds(10, 2))
        states = await metric(proxy, "spill_state", state="full")
        await world.restarted()
        await until_publishing(proxy, "direct", "replaying", timeout_s=120)
    await world.settle(worker, load.ids)
    row = await world.row("disk full during spill", worker, load.ids)
    row.p99_ms = load.worst_p99_ms
    row.notes = f"a disk of {DISK_MB} MB, state `full`: {'yes' if states else 'no'}"
    return row


async def spill_torn(world: World) -> Row:
    """Killed while it spilled, with half a record at the end of a segment."""
    worker, proxy = world.process("worker", role="worker"), world.process("proxy", role="proxy")
    await world.ready(worker, proxy)
    async with Load(lambda: proxy.url, RATE).on() as load:
        await asyncio.sleep(2)
        world.broker.kill()
        await until_publishing(proxy, "spilling")
        await asyncio.sleep(world.seconds(30))
    while await metric(proxy, "queued_records"):
        await asyncio.sleep(0.1)
    proxy.kill()
    torn = 0
    for segment in sorted((world.root / "proxy" / "spill").rglob("*")):
        if segment.is_file() and segment.stat().st_size > 4096:
            data = segment.read_bytes()
            segment.write_bytes(data + data[-700:-300])
            torn += 1
    await world.restarted()
    await world.ready(proxy)
    await world.settle(worker, load.ids)
    row = await world.row("spill segment torn", worker, load.ids)
    row.p99_ms, row.notes = load.worst_p99_ms, f"{torn} segments with half a record at their end"
    if not torn:
        row.faults.append("nothing was torn")
    return row


async def sigterm(world: World) -> Row:
    """SIGTERM under load in every role, again and again: what was answered is counted."""
    both = world.process("all", role="all")
    proxy, worker = world.process("proxy", role="proxy"), world.process("worker", role="worker")
    await world.ready(worker, proxy, both)
    turn = {"url": proxy.url}
    codes: list[int] = []

    async def again(process: Process, other: Process) -> None:
        turn["url"] = process.url
        await asyncio.sleep(world.seconds(5, 2))
        codes.append(await asyncio.to_thread(process.stop))
        turn["url"] = other.url
        await world.ready(process)

    async with Load(lambda: turn["url"], RATE).on() as load:
        for _ in range(max(1, int(3 * world.scale))):
            await again(proxy, both)
            await again(both, proxy)
            codes.append(await asyncio.to_thread(worker.stop))
            await world.ready(worker)
    await world.settle(worker, load.ids)
    row = await world.row("SIGTERM under load in every role", worker, load.ids)
    row.p99_ms, row.notes = load.worst_p99_ms, f"{len(codes)} stops"
    if any(codes):
        row.faults.append(f"exit codes {codes}")
    return row
