"""Everything in one process: how soon an exchange is counted, and whether calls feel the agents.

    python -m tests.bench.all_in_one [--rounds N] [--seconds N] [--rate N]

One process in role `all` and one in role `proxy`, both on an Apache Kafka, upstream delay 50 ms, so
many exchanges a second to one of them at a time, slices interleaved. The median latency of a slice
is compared within its round; every tenth exchange of the first process is of a fresh user whose
live row is asked for every 10 ms. Exits 1 if the row comes later than 1 s (p99), or calls take 1.3
times as long as without agents.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.paired import Ratio, keep, paired_ratio, shuffled
from tests.bench.steady import at_rate, call
from tests.bench.visible import percentile, until_visible_ms
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process

MUST_VISIBLE_MS, MUST_RATIO = 1000.0, 1.3
DELAY_MS, PROBE_EACH = 50, 10
NAMES = ("all", "proxy", "proxy again")


async def slice_of(
    url: str, rate: int, seconds: float, name: str, counted_ms: list[float] | None
) -> float:
    """The median latency of a slice in milliseconds; `counted_ms` gets what the probes found."""
    took_ms: list[float] = []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def made(number: int) -> None:
            is_probe = counted_ms is not None and number % PROBE_EACH == 0
            user = f"{name}-{number}" if is_probe else f"user-{number % 50}"
            _, ms, ended_s = await call(session, url, user, model="gpt-4o-mini", delay_ms=DELAY_MS)
            took_ms.append(ms)
            if is_probe and counted_ms is not None:
                counted_ms.append(await until_visible_ms(session, url, user, ended_s))

        await at_rate(rate, seconds, made)
    return statistics.median(took_ms)


async def measured(root: Path, broker: KafkaBroker, args: argparse.Namespace) -> dict[str, Any]:
    """The figures of all rounds; the first one warms up."""
    whole, alone = (
        Process(root / role, role=role, kafka__bootstrap_servers=broker.bootstrap_servers)
        for role in ("all", "proxy")
    )
    at = dict(zip(NAMES, (whole, alone, alone), strict=True))
    latency: dict[str, list[float]] = {name: [] for name in NAMES}
    counted_ms: list[float] = []
    rng = random.Random(3)
    try:
        for each in (whole, alone):
            await each.start().until_ready()
        for number in range(args.rounds + 1):
            for name in shuffled(NAMES, rng):
                found = [] if name == "all" else None
                ms = await slice_of(at[name].url, args.rate, args.seconds, f"probe-{number}", found)
                if number:
                    latency[name].append(ms)
                    counted_ms += found or []
        rss = whole.rss_mb()
    finally:
        for each in (whole, alone):
            if each.popen is not None:
                each.kill()
    return {
        "latency_ms": {name: statistics.median(some) for name, some in latency.items()},
        "with_agents": paired_ratio(latency["all"], latency["proxy"]),
        "repeated": paired_ratio(latency["proxy again"], latency["proxy"]),
        "counted_p50_ms": percentile(counted_ms, 0.5),
        "counted_p99_ms": percentile(counted_ms, 0.99),
        "probes": len(counted_ms),
        "rss_mb": rss,
    }


def main() -> int:
    """Measure, print, keep; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rate", type=int, default=200)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        KafkaBroker.running(Path(directory) / "kafka") as broker,
    ):
        figures = asyncio.run(measured(Path(directory), broker, args))
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    ratio = figures["with_agents"]
    assert isinstance(ratio, Ratio)
    held = ratio.median < MUST_RATIO and figures["counted_p99_ms"] < MUST_VISIBLE_MS
    keep("all_in_one", figures | {"held": held})
    print("held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
