"""What relaying costs: CPU of the relay's process per request, against a bare aiohttp relay.

    python -m tests.bench.relay --rounds 9

Candidates in one run: the bare relay twice (what repeats), and ours in role `proxy`, each exchange
recorded and published to an Apache Kafka that runs. A request of 1 KB, an answer of 1.6 KB, eight
connections, pinned to the other core than the load. Exits 1 above 0.6 of the bare relay's CPU.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from app.record.topics import Topics
from tests.bench.broker_down import broker
from tests.bench.paired import keep, paired_ratio, shuffled
from tests.support.processes import Process, free_port

MUST = 0.6
REQUESTS = 4000
CONNECTIONS = 8
BODY = orjson.dumps(
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * 950}], "user": "alice"}
)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes, budget: list[int]) -> None:
        self._request, self._budget = request, budget
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport: Any = transport
        self._read = b""
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again once all of the answer is there."""
        self._read += data
        if self._read.endswith(b"}") or self._read.endswith(b"0\r\n\r\n"):
            assert self._read.startswith(b"HTTP/1.1 200"), self._read[:200]
            self._read = b""
            self._ask()

    def _ask(self) -> None:
        if self._budget[0] == 0:
            self._transport.close()
            self.ended.set_result(None)
            return
        self._budget[0] -= 1
        self._transport.write(self._request)


async def cpu_us(port: int, path: str, pid: int) -> float:
    """CPU microseconds of the process for each of many requests."""
    loop, budget = asyncio.get_running_loop(), [REQUESTS]
    request = (
        f"POST {path} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer sk-test\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    before_s = cpu_s(pid)
    made = [
        await loop.create_connection(lambda: Caller(request, budget), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(caller.ended for _, caller in made))
    await asyncio.sleep(0.3)
    return (cpu_s(pid) - before_s) / REQUESTS * 1e6


def cpu_s(pid: int) -> float:
    """User and system time of a process and all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def python(*arguments: str) -> subprocess.Popen[bytes]:
    """A Python process of ours."""
    return subprocess.Popen([sys.executable, "-m", *arguments])


async def run(rounds: int, root: Path) -> dict[str, Any]:
    """The figures; everything it starts has ended when it returns."""
    on = broker(root / "kafka")
    await on.create_topics(Topics().specs())
    upstream_port, bare_port = free_port(), free_port()
    upstream_url = f"http://127.0.0.1:{upstream_port}"
    upstream = python("tests.bench.canned_upstream", str(upstream_port))
    bare = python("tests.bench.bare_relay", str(bare_port), upstream_url)
    upstreams = orjson.dumps({"canned": {"base_url": upstream_url, "dialect": "openai"}}).decode()
    ours = Process(
        root / "proxy",
        role="proxy",
        kafka__bootstrap_servers=on.bootstrap_servers,
        upstreams=upstreams,
    ).start()
    try:
        await ours.until_ready()
        path = "/v1/chat/completions"
        candidates = {
            "bare": (bare_port, path, bare.pid),
            "bare again": (bare_port, path, bare.pid),
            "ours": (ours.port, "/canned" + path, ours.pid),
        }
        for pid in (bare.pid, ours.pid):
            os.sched_setaffinity(pid, {0})
        figures: dict[str, list[float]] = {name: [] for name in candidates}
        rng = random.Random(5)
        for number in range(rounds + 1):
            for name in shuffled(list(candidates), rng):
                found_us = await cpu_us(*candidates[name])
                if number:
                    figures[name].append(found_us)
    finally:
        ours.kill()
        for each in (bare, upstream):
            each.kill()
            each.wait()
        on.kill()
    return {
        "rounds": rounds,
        "cpu_us": {name: statistics.median(each) for name, each in figures.items()},
        "repeated": paired_ratio(figures["bare again"], figures["bare"]),
        "ratio": paired_ratio(figures["ours"], figures["bare"]),
    }


def main() -> int:
    """Measure, print, keep; 1 if the bound is broken."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=9)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(arguments.parse_args().rounds, Path(root)))
    for name, found_us in figures["cpu_us"].items():
        print(f"{name:12} {found_us:7.0f} µs of CPU per request")
    for name in ("repeated", "ratio"):
        ratio = figures[name]
        print(
            f"{name:12} {ratio.median:7.2f} [{ratio.low:.2f}, {ratio.high:.2f}] of the bare relay"
        )
    path = keep("relay", figures)
    print(f"{path}, {time.perf_counter() - started:.0f} s")
    return 1 if figures["ratio"].median > MUST else 0


if __name__ == "__main__":
    sys.exit(main())
