"""What relaying costs: CPU of the relay's process per request and per chunk, in ratios.

    python -m tests.bench.relay              # two minutes
    python -m tests.bench.relay --rounds 3   # one, to compare two trees while working

Candidates in one run, their rounds interleaved: the bare aiohttp relay twice (what repeats), ours
with logging off, and ours in role `proxy`, each exchange recorded and published to an Apache Kafka
that runs. A request of 1 KB and an answer of 1.6 KB on eight connections; then streams of chunks.
What is measured is pinned to the other core than the load. `chunk` counts on a stream's head too.

Exits 1 above 0.6 of the bare relay's CPU per request, or 0.8 of its CPU per chunk.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.record.topics import Topics
from tests.bench.canned_upstream import CHUNKS
from tests.bench.load import chunk_us, cpu_us
from tests.bench.paired import Ratio, keep, paired_ratio, shuffled
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process, free_port

MUST, MUST_CHUNK = 0.6, 0.8
REQUESTS, CONNECTIONS, STREAMS = 4000, 8, 50
PATH = "/v1/chat/completions"
WHAT = ("request", "chunk")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A relay that runs."""

    port: int
    path: str
    pid: int

    async def measure(self, what: str) -> float:
        """CPU microseconds for each request or chunk."""
        if what == "chunk":
            return await chunk_us(self.port, self.path, self.pid, STREAMS, CHUNKS)
        return await cpu_us(self.port, self.path, self.pid, REQUESTS, CONNECTIONS)


def python(*arguments: str) -> subprocess.Popen[bytes]:
    """A Python process of ours."""
    return subprocess.Popen([sys.executable, "-m", *arguments])


def started(module: str, upstream_url: str, path: str) -> tuple[subprocess.Popen[bytes], Candidate]:
    """A relay that is a module of this package."""
    port = free_port()
    process = python(f"tests.bench.{module}", str(port), upstream_url)
    return process, Candidate(port, path, process.pid)


async def measured(candidates: Mapping[str, Candidate], rounds: int) -> dict[str, Any]:
    """Figures by what is measured and by candidate; the first round warms up."""
    figures: dict[str, Any] = {what: {name: [] for name in candidates} for what in WHAT}
    rng = random.Random(5)
    for number in range(rounds + 1):
        for what in WHAT:
            for name in shuffled(list(candidates), rng):
                found_us = await candidates[name].measure(what)
                if number:
                    figures[what][name].append(found_us)
    return figures


async def run(rounds: int, root: Path) -> dict[str, Any]:
    """The figures; everything it starts has ended when it returns."""
    on = KafkaBroker.started(root / "kafka")
    await on.create_topics(Topics().specs())
    upstream_port = free_port()
    upstream_url = f"http://127.0.0.1:{upstream_port}"
    upstream = python("tests.bench.canned_upstream", str(upstream_port))
    bare, bare_at = started("bare_relay", upstream_url, PATH)
    alone, alone_at = started("relay_alone", upstream_url, "/canned" + PATH)
    ours = Process(
        root / "proxy",
        role="proxy",
        kafka__bootstrap_servers=on.bootstrap_servers,
        upstreams=orjson.dumps(
            {"canned": {"base_url": upstream_url, "dialect": "openai"}}
        ).decode(),
    ).start()
    try:
        await ours.until_ready()
        candidates = {
            "bare": bare_at,
            "bare again": bare_at,
            "logging off": alone_at,
            "ours": Candidate(ours.port, "/canned" + PATH, ours.pid),
        }
        for each in candidates.values():
            os.sched_setaffinity(each.pid, {0})
        figures = await measured(candidates, rounds)
        rss_mb = ours.rss_mb()
    finally:
        ours.kill()
        for process in (bare, alone, upstream):
            process.kill()
            process.wait()
        on.kill()
    return summary(figures) | {"rounds": rounds, "rss_mb": rss_mb, "machine": platform.platform()}


def summary(figures: Mapping[str, Mapping[str, list[float]]]) -> dict[str, Any]:
    """Medians, and ratios to the bare relay, by `what candidate`."""
    made: dict[str, Any] = {"cpu_us": {}}
    for what, by_name in figures.items():
        for name, found in by_name.items():
            made["cpu_us"][f"{what} {name}"] = statistics.median(found)
            if name != "bare":
                made[f"{what} {name}"] = paired_ratio(found, by_name["bare"])
    return made


def main() -> int:
    """Measure, print, keep; 1 if a bound is broken."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=9)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(arguments.parse_args().rounds, Path(root)))
    for name, found_us in figures["cpu_us"].items():
        ratio = figures.get(name)
        beside = ""
        if isinstance(ratio, Ratio):
            beside = f"{ratio.median:7.2f} [{ratio.low:.2f}, {ratio.high:.2f}] of the bare relay's"
        print(f"{name:20} {found_us:7.1f} µs of CPU {beside}")
    print(f"{keep('relay', figures)}, {time.perf_counter() - began:.0f} s")
    held = figures["request ours"].median <= MUST and figures["chunk ours"].median <= MUST_CHUNK
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
