"""Does a call wait for the broker? The proxy's latency with the broker stopped, against running.

    python -m tests.bench.broker_down --rounds 24

Three proxies side by side: A and A' on a running broker, B on one that was killed under its hands.
Every round measures each for a slice, in a random order, at the same connections. Exits 1 if the
95 % interval of the median ratio B/A reaches higher than that of A'/A plus 10 %.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.paired import keep, no_slower, paired_ratio, shuffled
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * 1000}]}
CONNECTIONS = 4


async def slice_latencies_ms(url: str, seconds: float) -> list[float]:
    """Latency of each call made in a slice, closed loop on a few connections."""
    latencies: list[float] = []
    ends = time.perf_counter() + seconds

    async def client(session: aiohttp.ClientSession) -> None:
        while (started := time.perf_counter()) < ends:
            async with session.post(f"{url}/mock/v1/chat/completions", json=BODY) as reply:
                await reply.read()
                assert reply.status == 200
            latencies.append((time.perf_counter() - started) * 1000)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(client(session) for _ in range(CONNECTIONS)))
    return latencies


async def measure(proxies: dict[str, Process], rounds: int, seconds: float) -> dict[str, Any]:
    """Median latency of each proxy in each round, and the two ratios."""
    medians: dict[str, list[float]] = {name: [] for name in proxies}
    rng = random.Random(11)
    for proxy in proxies.values():
        await slice_latencies_ms(proxy.url, 2)
    for _ in range(rounds):
        for name in shuffled(list(proxies), rng):
            latencies = await slice_latencies_ms(proxies[name].url, seconds)
            medians[name].append(statistics.median(latencies))
    return {
        "rounds": rounds,
        "median_ms": {name: statistics.median(each) for name, each in medians.items()},
        "repeated": paired_ratio(medians["again"], medians["up"]),
        "down": paired_ratio(medians["down"], medians["up"]),
    }


def proxy(root: Path, on: KafkaBroker) -> Process:
    """A process in role `proxy`."""
    return Process(root, role="proxy", kafka__bootstrap_servers=on.bootstrap_servers).start()


async def prepared(root: Path) -> tuple[dict[str, Process], list[KafkaBroker]]:
    """Three proxies that relay; the topics are there; the third's broker is gone by now."""
    from app.record.topics import Topics

    running, killed = [KafkaBroker.started(root / name) for name in ("running", "killed")]
    for each in (running, killed):
        await each.create_topics(Topics().specs())
    names = {"up": running, "again": running, "down": killed}
    proxies = {name: proxy(root / name, on) for name, on in names.items()}
    for each_proxy in proxies.values():
        await each_proxy.until_ready()
        await slice_latencies_ms(each_proxy.url, 1)
    killed.kill()
    return proxies, [running, killed]


async def compare(rounds: int, seconds: float) -> int:
    """Run it all, print the verdict; the exit code."""
    with tempfile.TemporaryDirectory() as root:
        proxies, brokers = await prepared(Path(root))
        try:
            figures = await measure(proxies, rounds, seconds)
            figures["rss_mb"] = {name: round(each.rss_mb()) for name, each in proxies.items()}
        finally:
            for process in proxies.values():
                process.kill()
            for each in brokers:
                each.kill()
    held = no_slower(figures["down"], figures["repeated"])
    keep("broker_down", figures | {"held": held})
    for name in ("repeated", "down"):
        ratio = figures[name]
        print(f"{name:<9} {ratio.median:.3f} of up  [{ratio.low:.3f}, {ratio.high:.3f}]")
    print("held" if held else "BROKEN: the broker's absence is felt")
    return 0 if held else 1


def main() -> None:
    """Parse the command line and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    sys.exit(asyncio.run(compare(args.rounds, args.seconds)))


if __name__ == "__main__":
    main()
