"""Response end → visible in `/api/v1/users/{user}`, and the worker's memory, on a running stack.

    python -m tests.bench.visible                     # both, on an embedded stack of its own
    python -m tests.bench.visible --exchanges 20000   # the same; memory after fewer than 100,000
    python -m tests.bench.visible --url http://127.0.0.1:6066 --rate 100 --seconds 30
    python -m tests.bench.visible --url http://127.0.0.1:6066 --exchanges 100000 --pid 4711

Calls the built-in mock through the relay at a steady rate. Every tenth call is of a fresh user,
whose live row is then asked for every 10 ms until it is there. Prints p50, p99 and the worker's
resident memory as JSON, also kept under build/bench/.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.paired import keep
from tests.support.processes import Process

BODY_BYTES = 4096
POLL_S = 0.01
MAX_VISIBLE_MS = 1000
MAX_RSS_MB = 400
FLOOD = 100_000


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def call(session: aiohttp.ClientSession, url: str, user: str) -> float:
    """One exchange through the relay; returns when its last byte had arrived."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * BODY_BYTES}]}
    headers = {"Tailrace-User-Id": user}
    async with session.post(
        f"{url}/mock/v1/chat/completions", json=body, headers=headers
    ) as response:
        await response.read()
        assert response.status == 200, await response.text()
    return time.perf_counter()


async def visible_after_ms(session: aiohttp.ClientSession, url: str, user: str) -> float:
    """Milliseconds from the response's end until the user's live row answers."""
    return await until_visible_ms(session, url, user, await call(session, url, user))


async def until_visible_ms(
    session: aiohttp.ClientSession, url: str, user: str, ended: float
) -> float:
    """Milliseconds from a response's end (`perf_counter`) until the user's live row answers."""
    while time.perf_counter() - ended < 30:
        async with session.get(f"{url}/api/v1/users/{user}") as response:
            if response.status == 200:
                return (time.perf_counter() - ended) * 1000
        await asyncio.sleep(POLL_S)
    raise AssertionError(f"{user} did not become visible within 30 s")


async def steady(url: str, rate: int, seconds: float) -> list[float]:
    """Calls at a steady rate; the visible ages of every tenth."""
    ages: list[asyncio.Task[float]] = []
    others: list[asyncio.Task[float]] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            if number % 10 == 0:
                probe = visible_after_ms(session, url, f"probe-{start:.0f}-{number}")
                ages.append(asyncio.create_task(probe))
            else:
                others.append(asyncio.create_task(call(session, url, f"user-{number % 50}")))
        await asyncio.gather(*others)
        return list(await asyncio.gather(*ages))


async def flood(url: str, exchanges: int, connections: int = 32) -> float:
    """Many calls as fast as `connections` allow; returns exchanges per second."""
    numbers = iter(range(exchanges))
    started = time.perf_counter()

    async def client(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            await call(session, url, f"user-{number % 1000}")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        await asyncio.gather(*(client(session) for _ in range(connections)))
    return exchanges / (time.perf_counter() - started)


def resident_mb(pid: int) -> float:
    """Resident memory of one process, its children apart."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def measure(url: str, pid: int, *, rate: int, seconds: float, exchanges: int) -> dict[str, Any]:
    """One of the two measurements, and the worker's memory where its pid is given."""
    figures: dict[str, Any] = {}
    if exchanges:
        figures["exchanges"] = exchanges
        figures["exchanges_per_s"] = asyncio.run(flood(url, exchanges))
    else:
        ages = asyncio.run(steady(url, rate, seconds))
        figures |= {"rate": rate, "probes": len(ages), "visible_p50_ms": percentile(ages, 0.5)}
        figures |= {"visible_p99_ms": percentile(ages, 0.99), "visible_max_ms": max(ages)}
    if pid:
        figures["rss_mb"] = resident_mb(pid)
    keep("memory" if exchanges else "visible", figures)
    print(json.dumps(figures))
    return figures


def embedded(exchanges: int) -> int:
    """Both measurements on a stack of our own; 1 if a bound is broken."""
    with tempfile.TemporaryDirectory() as root:
        stack = Process(Path(root) / "data", command=[sys.executable, "-m", "app", "up"]).start()
        try:
            asyncio.run(stack.until_ready())
            worker = int(
                subprocess.check_output(["pgrep", "-P", str(stack.pid), "-f", "app worker"])
            )
            steady_figures = measure(stack.url, worker, rate=100, seconds=30, exchanges=0)
            flood_figures = measure(stack.url, worker, rate=0, seconds=0, exchanges=exchanges)
        finally:
            stack.stop()
    broken = steady_figures["visible_p99_ms"] >= MAX_VISIBLE_MS
    broken |= flood_figures["rss_mb"] >= MAX_RSS_MB
    return 1 if broken else 0


def main() -> int:
    """Measure a running stack, or one of our own where no address is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--exchanges", type=int, default=0)
    parser.add_argument("--pid", type=int, default=0, help="the worker, for its memory")
    args = parser.parse_args()
    if args.url is None:
        return embedded(args.exchanges or FLOOD)
    measure(args.url, args.pid, rate=args.rate, seconds=args.seconds, exchanges=args.exchanges)
    return 0


if __name__ == "__main__":
    sys.exit(main())
