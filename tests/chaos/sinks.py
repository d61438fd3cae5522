"""Sinks that are away: what they were to get comes to them when they are back, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.chaos.row import Row
from tests.chaos.world import World
from tests.support.analytics import EngineProcess
from tests.support.fan_out import FanOut, all_of_it
from tests.support.hooks import Receiver, receiving
from tests.support.seaweed import Seaweed

RATE = 50.0
EXCHANGES = 10_000
FEWEST = 300
FAULT_S = 60.0
Fault = Callable[[], Awaitable[None]]
Start = Callable[[], Awaitable[object]]


class Sinks:
    """A deployment with every sink, and those that can be taken away."""

    def __init__(self, world: World) -> None:
        self.seaweed = Seaweed(world.root / "s3")
        self.engine = EngineProcess(world.root / "engine")
        self.fan_out = FanOut(world.broker, self.seaweed, self.engine, "chaos", world.root)
        world.processes.append(self.fan_out.process)

    def row(self, world: World, name: str, **more: Any) -> Row:
        """What did not hold has raised: here all of it is there once."""
        count = len(self.fan_out.mixed.calls)
        return Row(name, count, count, 0, 0, peak_rss_mb=world.peak_rss_mb, **more)

    async def settled(self, receiver: Receiver, endpoint: dict[str, Any]) -> None:
        """Everything is in every sink, once, after a while."""
        calls = self.fan_out.mixed.calls
        await self.fan_out.until_analysed()
        await self.fan_out.assert_totals()
        await self.fan_out.assert_bodies()
        await receiver.until(len(calls), 120)
        await asyncio.sleep(2)
        self.fan_out.assert_told(receiver, endpoint, calls)


@asynccontextmanager
async def _sinks(world: World) -> AsyncIterator[Sinks]:
    made = Sinks(world)
    try:
        await made.seaweed.restart()
        await made.engine.start()
        await world.ready(made.fan_out.process)
        yield made
    finally:
        if made.fan_out.process.popen is not None:
            made.fan_out.process.kill()
        made.engine.kill()
        made.seaweed.kill()


async def fan_out(world: World) -> Row:
    """Mixed exchanges out of every sink, then everything read again in other batches."""
    async with _sinks(world) as sinks:
        sides = await all_of_it(sinks.fan_out, max(FEWEST, int(EXCHANGES * world.scale)))
        notes = f"{sides} bodies to the byte, rows = live tables, each webhook once"
        return sinks.row(world, "mixed exchanges, then all topics again", notes=notes)


async def store_stopped(world: World) -> Row:
    """The object store stopped for a minute."""
    async with _sinks(world) as sinks:
        return await _without(
            world, sinks, "object store", sinks.seaweed.kill, sinks.seaweed.restart
        )


async def engine_stopped(world: World) -> Row:
    """The analytics engine stopped for a minute."""
    async with _sinks(world) as sinks:
        return await _without(
            world, sinks, "analytics engine", sinks.engine.kill, sinks.engine.start
        )


async def _without(
    world: World, sinks: Sinks, what: str, stop: Callable[[], None], start: Start
) -> Row:
    away_s = world.seconds(FAULT_S, 10)
    degraded: list[str] = []

    async def fault() -> None:
        await asyncio.to_thread(stop)
        await asyncio.sleep(away_s)
        _, answer = await sinks.fan_out.process.get("/health/ready")
        degraded.extend(answer["degraded"])
        await start()

    async with receiving() as receiver:
        endpoint = await sinks.fan_out.hooks.create(receiver.url)
        receiver.secret = endpoint["secret"]
        await _under_load(world, sinks, fault)
        await sinks.settled(receiver, endpoint)
    row = sinks.row(world, f"{what} stopped for {away_s:.0f} s")
    row.notes = f"readiness named {', '.join(degraded)}"
    if not degraded:
        row.faults.append("readiness did not name the sink")
    return row


async def endpoint_failing(world: World) -> Row:
    """An endpoint that answers 503 for a minute."""
    failing_s, refused = world.seconds(FAULT_S, 10), 0
    async with _sinks(world) as sinks, receiving() as receiver:
        endpoint = await sinks.fan_out.hooks.create(receiver.url)
        receiver.secret = endpoint["secret"]

        async def refuse(request: web.Request) -> web.StreamResponse:
            nonlocal refused
            refused += 1
            del receiver.calls[-1]
            return web.Response(status=503)

        async def fault() -> None:
            receiver.answer = refuse
            await asyncio.sleep(failing_s)
            receiver.answer = None

        await _under_load(world, sinks, fault)
        await sinks.settled(receiver, endpoint)
        notes = f"{refused} attempts refused"
        return sinks.row(world, f"endpoint failing for {failing_s:.0f} s", notes=notes)


async def _under_load(world: World, sinks: Sinks, fault: Fault) -> None:
    calm_s = world.seconds(10, 3)
    count = int(RATE * (2 * calm_s + world.seconds(FAULT_S, 10)))
    sending = asyncio.ensure_future(sinks.fan_out.mixed.send(count, rate_per_s=RATE))
    await asyncio.sleep(calm_s)
    await fault()
    await sending
