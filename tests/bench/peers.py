"""CPU of a call beside two gateways that people run: LiteLLM's proxy and Portkey's gateway.

    python -m tests.bench.peers [--rounds N]

Rounds interleaved in one run, the same canned upstream behind all, what is measured pinned to one
core and the load to the other: the bare aiohttp relay, ours in role `proxy` with every exchange
recorded and published to an Apache Kafka, the two gateways with their logging off. They do more
than relay (keys, routing, budgets), so that the ratio is a yardstick, not like for like. Each is
installed on demand into an environment of its own under build/bench/, and skipped with the reason
where that fails. Exits 1 if LiteLLM takes less than 50 times, or Portkey less than 7 times, what
ours takes.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.bench.load import Caller, callers, cpu_s, request
from tests.bench.paired import keep, paired_ratio, shuffled
from tests.bench.recorded import OURS_PATH, PATH, recorded
from tests.bench.steady import tree
from tests.support.processes import REPO, free_port, until_open

ROOT = REPO / "build" / "bench"
LITELLM, PORTKEY = "1.106.2", "1.15.2"
MUST = {"litellm": 50.0, "portkey": 7.0}
CONNECTIONS = 8
START_S = 120.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """One that runs: where, how it is asked, how many requests make a slice."""

    port: int
    asked: bytes
    pid: int
    requests: int

    async def cpu_us(self) -> float:
        """CPU microseconds of its process tree for each request of a slice."""
        budget, pids = [self.requests], tree(self.pid)
        before_s = sum(map(cpu_s, pids))
        await callers(self.port, lambda: Caller(self.asked, budget), CONNECTIONS)
        return (sum(map(cpu_s, pids)) - before_s) / self.requests * 1e6


def litellm(root: Path, upstream: int) -> tuple[subprocess.Popen[bytes], Gateway] | None:
    """LiteLLM's proxy, started, with one model and no callbacks."""
    made = ROOT / "litellm"
    if not (made / ".made").exists():
        venv.create(made, with_pip=True)
        command = [str(made / "bin" / "python"), "-m", "pip", "install", "-q"]
        if not done([*command, f"litellm[proxy]=={LITELLM}"], "litellm"):
            return None
        (made / ".made").touch()
    model = {"model": "openai/gpt-4o-mini", "api_key": "sk-test"}
    model["api_base"] = f"http://127.0.0.1:{upstream}/v1"
    config = {"model_list": [{"model_name": "gpt-4o-mini", "litellm_params": model}]}
    (root / "litellm.yaml").write_bytes(orjson.dumps(config))
    port = free_port()
    command = [str(made / "bin" / "litellm"), "--config", str(root / "litellm.yaml")]
    env = os.environ | {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    # Ours is measured without keys as well.
    env["LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"] = "true"
    process = quietly([*command, "--host", "127.0.0.1", "--port", str(port)], env)
    return process, Gateway(port, request(PATH), process.pid, 200)


def portkey(upstream: int) -> tuple[subprocess.Popen[bytes], Gateway] | None:
    """Portkey's gateway, started."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("portkey: skipped, Node.js is not installed")
        return None
    made = ROOT / "portkey"
    server = made / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not server.exists():
        package = f"@portkey-ai/gateway@{PORTKEY}"
        if not done([npm, "install", "--silent", "--prefix", str(made), package], "portkey"):
            return None
    port = free_port()
    host = f"127.0.0.1:{upstream}"
    env = os.environ | {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
    process = quietly([node, str(server), f"--port={port}", "--headless"], env)
    more = f"x-portkey-provider: openai\r\nx-portkey-custom-host: http://{host}/v1\r\n".encode()
    return process, Gateway(port, request(PATH, more=more), process.pid, 1000)


def done(command: list[str], name: str) -> bool:
    """Whether an installation went well; says why not."""
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        print(f"{name}: skipped, it cannot be installed: {ended.stderr.strip()[-200:]}")
    return not ended.returncode


def quietly(command: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process whose output nobody reads."""
    null = subprocess.DEVNULL
    # Those are for our own Pythons: see `tests.support.compiled`.
    theirs = {name: env[name] for name in env.keys() - {"PYTHONPATH", "PYTHONSAFEPATH"}}
    return subprocess.Popen(command, env=theirs, stdout=null, stderr=null)


async def measured(gateways: Mapping[str, Gateway], rounds: int) -> dict[str, list[float]]:
    """CPU microseconds a request, by gateway and round; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in gateways}
    rng = random.Random(6)
    for number in range(rounds + 1):
        for name in shuffled(list(gateways), rng):
            cpu_us = await gateways[name].cpu_us()
            if number:
                found[name].append(cpu_us)
    return found


async def run(root: Path, rounds: int) -> dict[str, list[float]]:
    """The figures; everything it starts has ended when it returns."""
    async with recorded(root) as made:
        bare, bare_port = await made.beside("bare_relay")
        at = {
            "bare": Gateway(bare_port, request(PATH), bare.pid, 4000),
            "ours": Gateway(made.ours.port, request(OURS_PATH), made.ours.pid, 4000),
        }
        upstream = made.upstream_port
        for name, found in (("litellm", litellm(root, upstream)), ("portkey", portkey(upstream))):
            if found is not None:
                made.others.append(found[0])
                at[name] = found[1]
        for each in at.values():
            await until_open(each.port, START_S)
            for pid in tree(each.pid):
                os.sched_setaffinity(pid, {0})
        return await measured(at, rounds)


def main() -> int:
    """Measure, print, keep; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as root:
        found = asyncio.run(run(Path(root), parser.parse_args().rounds))
    figures: dict[str, Any] = {"cpu_us": {n: statistics.median(each) for n, each in found.items()}}
    for name, each in found.items():
        ratio = paired_ratio(each, found["ours"])
        figures[f"{name} to ours"] = ratio
        print(
            f"{name:8} {figures['cpu_us'][name]:9.1f} µs of CPU"
            f" {ratio.median:7.2f} [{ratio.low:.2f}, {ratio.high:.2f}] of ours"
        )
    keep("peers", figures)
    print(f"{time.perf_counter() - began_s:.0f} s")
    ratios = {name: figures.get(f"{name} to ours") for name in MUST}
    held = all(ratio is None or ratio.median >= MUST[name] for name, ratio in ratios.items())
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
