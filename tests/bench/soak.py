"""Memory under a steady load: one process in role `all`, for minutes or hours.

    python -m tests.bench.soak --minutes 30 [--rate N]

Its resident memory is looked at every five seconds. Flat means that the median of the last quarter
is within 10 % of that of the second one: the first quarter fills caches and pools. At the end as
many exchanges must be counted as were answered. Exits 1 if either is broken.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.paired import keep
from tests.bench.steady import at_rate, call
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import metric

MUST_BE_WITHIN = 0.10
LOOK_S = 5.0
SETTLE_S = 30.0
USERS = 2000


async def looked_at(process: Process, found_mb: list[float]) -> None:
    """Note its memory until cancelled."""
    while True:
        await asyncio.sleep(LOOK_S)
        found_mb.append(process.rss_mb())


async def until_counted(process: Process, count: int) -> float:
    """How many exchanges are counted once all are, or nothing more comes."""
    deadline_s = time.monotonic() + SETTLE_S
    while (counted := await metric(process, "metered_total", verdict="counted")) < count:
        if time.monotonic() > deadline_s:
            break
        await asyncio.sleep(0.2)
    return counted


async def measured(root: Path, broker: KafkaBroker, rate: int, minutes: float) -> dict[str, Any]:
    """The figures of the whole run."""
    process = Process(root / "all", kafka__bootstrap_servers=broker.bootstrap_servers)
    found_mb: list[float] = []
    answered = 0
    try:
        await process.start().until_ready()
        looking = asyncio.create_task(looked_at(process, found_mb))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def made(number: int) -> None:
                nonlocal answered
                await call(session, process.url, f"user-{number % USERS}", model="gpt-4o-mini")
                answered += 1

            late_s = await at_rate(rate, minutes * 60, made)
        looking.cancel()
        counted = await until_counted(process, answered)
    finally:
        process.kill()
    return summary(found_mb) | {
        "answered": answered,
        "counted": int(counted),
        "late_s": round(late_s, 2),
        "minutes": minutes,
        "rate": rate,
    }


def summary(found_mb: list[float]) -> dict[str, Any]:
    """Medians of the quarters, and by how much the last one is above the second."""
    size = len(found_mb) // 4
    quarters = [
        statistics.median(found_mb[number * size : (number + 1) * size]) for number in range(4)
    ]
    return {
        "quarters_mb": [round(each, 1) for each in quarters],
        "growth": quarters[3] / quarters[1] - 1,
        "peak_mb": round(max(found_mb), 1),
    }


def main() -> int:
    """Measure, print, keep; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=200)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        KafkaBroker.running(Path(directory) / "kafka") as broker,
    ):
        figures = asyncio.run(measured(Path(directory), broker, args.rate, args.minutes))
    print(figures)
    held = figures["growth"] <= MUST_BE_WITHIN and figures["counted"] == figures["answered"]
    keep("soak", figures | {"held": held})
    print("held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
