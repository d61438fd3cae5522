"""Do calls feel that they are recorded? Latency with logging on against off, at half load.

    python -m tests.bench.half_load [--rounds N] [--seconds N]

The relay with logging off twice (what repeats) and ours in role `proxy`, each exchange recorded and
published to an Apache Kafka that runs; slices interleaved. Calls begin at a fixed rate, half of
what ours was measured to relay on one core at the start of this run; a call's latency counts from
when it was due. Load, upstream and broker have the other core. Exits 1 if the 95 % interval of the
median ratio of on to off reaches higher than that of off repeated, plus 10 %.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.latency import latencies
from tests.bench.load import request
from tests.bench.paired import keep, no_slower, paired_ratio, shuffled
from tests.bench.recorded import OURS_PATH, recorded

CONNECTIONS, TICK_S, HALF, WARM_S = 64, 0.002, 0.5, 10.0
NAMES = ("off", "off again", "on")


class Paced(asyncio.Protocol):
    """One connection that asks when it is told to, and notes how long after it was due."""

    def __init__(self, asked: bytes, free: "deque[Paced]", took_ms: list[float]) -> None:
        self._asked, self._free, self._took_ms = asked, free, took_ms

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Free from now on."""
        self._transport: Any = transport
        self._read = b""
        self._free.append(self)

    def ask(self, due_s: float) -> None:
        """Make the call that was due then."""
        self._due_s = due_s
        self._transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        """Free again once all of the answer is there."""
        self._read += data
        if self._read.endswith(b"}"):
            assert self._read.startswith(b"HTTP/1.1 200"), self._read[:200]
            self._read = b""
            self._took_ms.append((time.perf_counter() - self._due_s) * 1000)
            self._free.append(self)


async def median_ms(port: int, per_s: float, seconds: float) -> float:
    """The median latency of a slice."""
    took_ms: list[float] = []
    free: deque[Paced] = deque()
    loop, asked = asyncio.get_running_loop(), request(OURS_PATH)
    made = [
        await loop.create_connection(lambda: Paced(asked, free, took_ms), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    began_s, number = time.perf_counter(), 0
    while (now_s := time.perf_counter() - began_s) < seconds:
        while number / per_s <= now_s and free:
            free.popleft().ask(began_s + number / per_s)
            number += 1
        await asyncio.sleep(TICK_S)
    await asyncio.sleep(0.2)
    for transport, _ in made:
        transport.close()
    return statistics.median(took_ms)


async def compared(at: Mapping[str, int], rounds: int, seconds: float) -> dict[str, Any]:
    """Medians of all rounds and the two ratios; the first round warms up."""
    full = await latencies(at["on"], OURS_PATH, CONNECTIONS)
    per_s = full["per_s"] * HALF
    # A broker compiles itself while it runs.
    await median_ms(at["on"], per_s, WARM_S)
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    rng = random.Random(9)
    for number in range(rounds + 1):
        for name in shuffled(NAMES, rng):
            ms = await median_ms(at[name], per_s, seconds)
            if number:
                found[name].append(ms)
    return {
        "per_s": per_s,
        "median_ms": {name: statistics.median(some) for name, some in found.items()},
        "on": paired_ratio(found["on"], found["off"]),
        "repeated": paired_ratio(found["off again"], found["off"]),
    }


async def run(root: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """The figures; everything it starts has ended when it returns."""
    async with recorded(root) as made:
        alone, alone_port = await made.beside("relay_alone")
        made.alone(alone.pid, made.ours.pid)
        at = {"off": alone_port, "off again": alone_port, "on": made.ours.port}
        return await compared(at, rounds, seconds)


def main() -> int:
    """Measure, print, keep; 1 if the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(Path(root), args.rounds, args.seconds))
    held = no_slower(figures["on"], figures["repeated"])
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    keep("half_load", figures | {"held": held})
    print("held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
