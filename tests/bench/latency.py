"""What a relay adds to a call's latency: direct, nginx, the bare relay, ours with logging on.

    python -m tests.bench.latency --rounds 3

Each in one run, rounds interleaved, at 1, 8 and 64 connections, closed loop (no correction for
coordinated omission), load and upstream pinned to the other core than what is measured. nginx is
left out where it isn't installed, and with it the bound.

Exits 1 if ours on one connection takes 0.25 ms longer than nginx: median of the rounds' p50.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.load import Caller, request
from tests.bench.nginx_relay import nginx
from tests.bench.paired import keep, shuffled
from tests.bench.recorded import OURS_PATH, PATH, recorded
from tests.bench.visible import percentile
from tests.support.processes import until_open

MUST_OVER_NGINX_MS = 0.25
CONNECTIONS = (1, 8, 64)
REQUESTS = {1: 1000, 8: 3000, 64: 6000}


class TimedCaller(Caller):
    """Notes how long each answer took."""

    def __init__(self, asked: bytes, budget: list[int], took_ms: list[float]) -> None:
        super().__init__(asked, budget)
        self._took_ms, self._asked_at = took_ms, 0.0

    def _ask(self) -> None:
        now = time.perf_counter()
        if self._asked_at:
            self._took_ms.append((now - self._asked_at) * 1000)
        self._asked_at = now
        super()._ask()


async def latencies(port: int, path: str, connections: int) -> dict[str, float]:
    """p50 and p99 in milliseconds, and requests per second, of one slice."""
    took_ms: list[float] = []
    budget, asked = [REQUESTS[connections]], request(path)
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    made = [
        await loop.create_connection(lambda: TimedCaller(asked, budget, took_ms), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(caller.ended for _, caller in made)), 120)
    per_s = len(took_ms) / (time.perf_counter() - began)
    return {"p50_ms": percentile(took_ms, 0.5), "p99_ms": percentile(took_ms, 0.99), "per_s": per_s}


async def measured(at: Mapping[str, tuple[int, str]], rounds: int) -> dict[str, Any]:
    """Medians over the rounds by connections and candidate; the first round warms up."""
    found: dict[str, list[dict[str, float]]] = {}
    rng = random.Random(7)
    for number in range(rounds + 1):
        for connections in CONNECTIONS:
            for name in shuffled(list(at), rng):
                figures = await latencies(*at[name], connections)
                if number:
                    found.setdefault(f"{connections} {name}", []).append(figures)
    return {
        name: {key: statistics.median(each[key] for each in slices) for key in slices[0]}
        for name, slices in found.items()
    }


async def run(rounds: int, root: Path) -> dict[str, Any]:
    """The figures; everything it starts has ended when it returns."""
    async with recorded(root) as made:
        _, bare_port = await made.beside("bare_relay")
        at = {"direct": (made.upstream_port, PATH), "bare": (bare_port, PATH)}
        if (found := nginx(root, made.upstream_port)) is not None:
            made.others.append(found[0])
            at["nginx"] = (found[1], PATH)
        at["ours"] = (made.ours.port, OURS_PATH)
        for port, _ in at.values():
            await until_open(port)
        made.alone(*(each.pid for each in made.others), made.ours.pid)
        return await measured(at, rounds)


def main() -> int:
    """Measure, print, keep; 1 if the bound is broken."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=3)
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(arguments.parse_args().rounds, Path(root)))
    for name, each in figures.items():
        print(f"{name:12} p50 {each['p50_ms']:7.3f} ms  p99 {each['p99_ms']:7.3f}", end="")
        print(f"  {each['per_s']:8.0f}/s")
    held = True
    if "1 nginx" in figures:
        figures["over_nginx_ms"] = figures["1 ours"]["p50_ms"] - figures["1 nginx"]["p50_ms"]
        held = figures["over_nginx_ms"] <= MUST_OVER_NGINX_MS
        print(f"ours over nginx on one connection: p50 {figures['over_nginx_ms']:.3f} ms")
    keep("latency", figures)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
