"""Does a call wait for those who watch? The relay's latency with 200 open tails, against none.

    python -m tests.bench.tails --rounds 24

One process in role `all` that meters 1,000 exchanges a second, fed through Kafka, and relays a few
hundred measured calls. Every round measures three slices in a random order: without tails, again
without, and with 200, of which every tenth never reads. Exits 1 if the 95 % interval of the median
ratio of `tails` to `none` reaches higher than that of `again` to `none` plus 10 %, or if the tails
take more memory than `MAX_GROWTH_MB`.
"""

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.load import cpu_s
from tests.bench.paired import keep, no_slower, paired_ratio, shuffled
from tests.bench.visible import percentile
from tests.support.kafka import KafkaBroker
from tests.support.processes import REPO, Process

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * 1000}]}
NAMES = ("none", "again", "tails")
CALLS_PER_S = 100
SETTLE_S = 2.0
WARM_UP_S = 10
MAX_GROWTH_MB = 100
METERED = re.compile(r"^tailrace_metered_total\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)


def load(*arguments: object) -> subprocess.Popen[str]:
    """A child that makes load."""
    command = [sys.executable, "-m", "tests.bench.tail_load", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPO, stdin=pipe, stdout=pipe, text=True)


class Tails:
    """The tails, opened and closed in a child."""

    def __init__(self, port: int, count: int) -> None:
        self.child = load("tails", port, count)

    def tell(self, word: str) -> int:
        """`open` or `close`; the bytes that were read."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())


async def slice_ms(session: aiohttp.ClientSession, url: str, seconds: float) -> list[float]:
    """Latencies of calls made at a steady pace, each in its turn."""
    latencies: list[float] = []
    began = time.perf_counter()
    for number in range(int(seconds * CALLS_PER_S)):
        await asyncio.sleep(max(0.0, began + number / CALLS_PER_S - time.perf_counter()))
        started = time.perf_counter()
        async with session.post(f"{url}/mock/v1/chat/completions", json=BODY) as reply:
            await reply.read()
            assert reply.status == 200
        latencies.append((time.perf_counter() - started) * 1000)
    return latencies


async def metered(process: Process) -> float:
    """How many records were metered until now."""
    _, text = await process.get("/metrics")
    return sum(float(value) for value in METERED.findall(text))


async def measure(process: Process, tails: Tails, rounds: int, seconds: float) -> dict[str, Any]:
    """Median latency of each kind of slice in each round; memory, CPU and rates beside it."""
    medians: dict[str, list[float]] = {name: [] for name in NAMES}
    p95s: dict[str, list[float]] = {name: [] for name in NAMES}
    cpu: dict[str, list[float]] = {name: [] for name in NAMES}
    rng, rss_mb, read_bytes = random.Random(11), dict.fromkeys(NAMES, 0.0), 0
    async with aiohttp.ClientSession() as session:
        await slice_ms(session, process.url, WARM_UP_S)
        rss_before_mb = process.rss_mb()
        first, began_s = await metered(process), time.monotonic()
        for _ in range(rounds):
            for name in shuffled(list(NAMES), rng):
                if name == "tails":
                    await asyncio.to_thread(tails.tell, "open")
                await asyncio.sleep(SETTLE_S)
                cpu_before_s, sliced_s = cpu_s(process.pid), time.monotonic()
                found = await slice_ms(session, process.url, seconds)
                taken_s = cpu_s(process.pid) - cpu_before_s
                cpu[name].append(taken_s / (time.monotonic() - sliced_s))
                medians[name].append(statistics.median(found))
                p95s[name].append(percentile(found, 0.95))
                rss_mb[name] = max(rss_mb[name], process.rss_mb())
                if name == "tails":
                    read_bytes += await asyncio.to_thread(tails.tell, "close")
        per_s = (await metered(process) - first) / (time.monotonic() - began_s)
        assert per_s > 0, process.tail()
    return {
        "rounds": rounds,
        "exchanges_per_s": round(per_s),
        "median_ms": {name: statistics.median(each) for name, each in medians.items()},
        "p95_ms": {name: statistics.median(each) for name, each in p95s.items()},
        "cpu_share": {name: round(statistics.median(each), 3) for name, each in cpu.items()},
        "tails_read_mb": round(read_bytes / 1e6),
        "rss_mb": {"before": round(rss_before_mb), **{n: round(v) for n, v in rss_mb.items()}},
        "repeated": paired_ratio(medians["again"], medians["none"]),
        "watched": paired_ratio(medians["tails"], medians["none"]),
        "watched_p95": paired_ratio(p95s["tails"], p95s["none"]),
    }


async def compare(rounds: int, seconds: float, count: int, per_s: int) -> int:
    """Run it all, print the verdict; the exit code."""
    with (
        tempfile.TemporaryDirectory() as root,
        KafkaBroker.running(Path(root) / "kafka") as broker,
    ):
        process = Process(Path(root) / "data", kafka__bootstrap_servers=broker.bootstrap_servers)
        children: list[subprocess.Popen[str]] = []
        try:
            await process.start().until_ready()
            children.append(load("feed", broker.bootstrap_servers, "tailrace", per_s))
            tails = Tails(process.port, count)
            children.append(tails.child)
            figures = await measure(process, tails, rounds, seconds)
        finally:
            for child in children:
                child.kill()
            process.kill()
    return verdict(figures)


def verdict(figures: dict[str, Any]) -> int:
    """Print and keep the figures; 1 if a bound is broken."""
    rss_mb = figures["rss_mb"]
    held = no_slower(figures["watched"], figures["repeated"])
    small = rss_mb["tails"] - rss_mb["none"] < MAX_GROWTH_MB
    keep("tails", figures | {"held": held, "memory_held": small})
    for name in ("repeated", "watched", "watched_p95"):
        ratio = figures[name]
        print(f"{name:<12} {ratio.median:.3f} of none  [{ratio.low:.3f}, {ratio.high:.3f}]")
    for name in ("exchanges_per_s", "median_ms", "p95_ms", "cpu_share", "rss_mb", "tails_read_mb"):
        print(f"{name:<16} {figures[name]}")
    print("held" if held else "BROKEN: those who watch are felt")
    print("memory held" if small else "BROKEN: the tails take too much memory")
    return 0 if held and small else 1


def main() -> None:
    """Parse the command line and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--tails", type=int, default=200)
    parser.add_argument("--rate", type=int, default=1000)
    args = parser.parse_args()
    sys.exit(asyncio.run(compare(args.rounds, args.seconds, args.tails, args.rate)))


if __name__ == "__main__":
    main()
