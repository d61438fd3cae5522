"""What relaying costs: CPU of the relay's process per request and per chunk, in ratios.

    python -m tests.bench.relay                        # two minutes
    python -m tests.bench.relay --rounds 3 --sizes     # one, to compare two trees while working

Candidates in one run, their rounds interleaved: the bare aiohttp relay twice (what repeats), nginx
(left out where it isn't installed), ours with logging off, ours in role `proxy`, each exchange
recorded and published to an Apache Kafka that runs, and the same with a broker that refuses
connections, so that each goes to the local disk. A request of 1 KB and an answer of 1.6 KB on eight
connections; streams of chunks; in some of the rounds, answers of other `--sizes` in bytes. What is
measured is pinned to the other core than load, upstream and broker. `chunk` counts on a stream's
head too.

Exits 1 above 0.6 of the bare relay's CPU per request, or 0.8 of its CPU per chunk.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.canned_upstream import CHUNKS
from tests.bench.load import Cost, chunk_us, cost
from tests.bench.nginx_relay import nginx
from tests.bench.paired import Ratio, keep, paired_ratio, shuffled
from tests.bench.recorded import OURS_PATH, PATH, Recorded, recorded
from tests.support.processes import Process, until_open
from tests.support.relayed import metric

MUST, MUST_CHUNK = 0.6, 0.8
REQUESTS, CONNECTIONS, STREAMS = 2000, 8, 50
SIZES = (1500, 30_000, 1_000_000)
SLICE_BYTES, FEWEST = 20_000_000, 50
EACH_ROUND = ("request", "chunk")
Found = dict[str, dict[str, list[Cost]]]


def requests_of(size: int) -> int:
    """How many answers of so many bytes make a slice."""
    return min(REQUESTS, max(FEWEST, SLICE_BYTES // size))


def measured_in(number: int, sizes: Sequence[int]) -> list[str]:
    """What a round measures: answers of other sizes in each second one, the first one included."""
    return [*EACH_ROUND, *(f"{size} bytes" for size in sizes if number % 2 == 0)]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A relay that runs."""

    port: int
    path: str
    pid: int

    async def measure(self, what: str) -> Cost:
        """CPU for each request or chunk, and requests a second."""
        if what == "chunk":
            each_us = await chunk_us(self.port, self.path, self.pid, STREAMS, CHUNKS)
            return Cost(each_us, None)
        if what == "request":
            return await cost(self.port, self.path, self.pid, REQUESTS, CONNECTIONS)
        size = int(what.split()[0])
        path = f"{self.path}?bytes={size}"
        return await cost(self.port, path, self.pid, requests_of(size), CONNECTIONS)


async def measured(candidates: Mapping[str, Candidate], rounds: int, sizes: Sequence[int]) -> Found:
    """Figures by what is measured and by candidate; the first round warms up."""
    every = measured_in(0, sizes)
    figures: Found = {what: {name: [] for name in candidates} for what in every}
    rng = random.Random(5)
    for number in range(rounds + 1):
        for what in measured_in(number, sizes):
            for name in shuffled(list(candidates), rng):
                found = await candidates[name].measure(what)
                if number:
                    figures[what][name].append(found)
    return figures


async def candidates_of(made: Recorded, root: Path) -> tuple[dict[str, Candidate], Process]:
    """All of them started, each on the first core, and which one spills."""
    bare, bare_port = await made.beside("bare_relay")
    alone, alone_port = await made.beside("relay_alone")
    down = await made.spilling(root / "down")
    bare_at = Candidate(bare_port, PATH, bare.pid)
    candidates = {
        "bare": bare_at,
        "bare again": bare_at,
        "logging off": Candidate(alone_port, OURS_PATH, alone.pid),
        "ours": Candidate(made.ours.port, OURS_PATH, made.ours.pid),
        "broker down": Candidate(down.port, OURS_PATH, down.pid),
    }
    if (found := nginx(root, made.upstream_port)) is not None:
        made.others.append(found[0])
        await until_open(found[1])
        candidates["nginx"] = Candidate(found[1], PATH, found[0].pid)
    made.alone(*(each.pid for each in candidates.values()))
    return candidates, down


async def run(rounds: int, sizes: Sequence[int], root: Path) -> dict[str, Any]:
    """The figures; everything it starts has ended when it returns."""
    async with recorded(root) as made:
        candidates, down = await candidates_of(made, root)
        figures = await measured(candidates, rounds, sizes)
        assert await metric(down, "spill_messages"), "nothing was spilled"
        rss_mb = made.ours.rss_mb()
    return summary(figures) | {"rounds": rounds, "rss_mb": rss_mb}


def summary(figures: Mapping[str, Mapping[str, Sequence[Cost]]]) -> dict[str, Any]:
    """Medians, and ratios of CPU to the bare relay, by `what candidate`."""
    made: dict[str, Any] = {"cpu_us": {}, "per_s": {}}
    for what, by_name in figures.items():
        bare_us = [each.cpu_us for each in by_name["bare"]]
        for name, found in by_name.items():
            all_us = [each.cpu_us for each in found]
            made["cpu_us"][f"{what} {name}"] = statistics.median(all_us)
            rates = [each.per_s for each in found if each.per_s is not None]
            if rates:
                made["per_s"][f"{what} {name}"] = statistics.median(rates)
            if name != "bare":
                made[f"{what} {name}"] = paired_ratio(all_us, bare_us)
    return made


def lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures, for the eye."""
    made = []
    for name, found_us in figures["cpu_us"].items():
        per_s, ratio = figures["per_s"].get(name), figures.get(name)
        rate = "" if per_s is None else f"{per_s:.0f}/s"
        line = f"{name:26} {found_us:7.1f} µs of CPU {rate:>8}"
        if isinstance(ratio, Ratio):
            line += f" {ratio.median:7.2f} [{ratio.low:.2f}, {ratio.high:.2f}] of the bare relay's"
        made.append(line)
    return made


def main() -> int:
    """Measure, print, keep; 1 if a bound is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    arguments = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(arguments.rounds, arguments.sizes, Path(root)))
    print(*lines(figures), sep="\n")
    print(f"{keep('relay', figures)}, {time.perf_counter() - began:.0f} s")
    held = figures["request ours"].median <= MUST and figures["chunk ours"].median <= MUST_CHUNK
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
