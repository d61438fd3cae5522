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
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.canned_upstream import CHUNKS
from tests.bench.load import chunk_us, cpu_us
from tests.bench.paired import Ratio, keep, paired_ratio, shuffled
from tests.bench.recorded import OURS_PATH, PATH, recorded

MUST, MUST_CHUNK = 0.6, 0.8
REQUESTS, CONNECTIONS, STREAMS = 4000, 8, 50
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
    async with recorded(root) as made:
        bare, bare_port = await made.beside("bare_relay")
        alone, alone_port = await made.beside("relay_alone")
        bare_at = Candidate(bare_port, PATH, bare.pid)
        candidates = {
            "bare": bare_at,
            "bare again": bare_at,
            "logging off": Candidate(alone_port, OURS_PATH, alone.pid),
            "ours": Candidate(made.ours.port, OURS_PATH, made.ours.pid),
        }
        for each in candidates.values():
            os.sched_setaffinity(each.pid, {0})
        figures = await measured(candidates, rounds)
        rss_mb = made.ours.rss_mb()
    return summary(figures) | {"rounds": rounds, "rss_mb": rss_mb}


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
