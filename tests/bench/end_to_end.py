"""From the end of a response to everywhere: live table, analytics row, webhook, readable body.

    python -m tests.bench.end_to_end [--rates 100 1000] [--seconds N]

`tailrace up` with its object store and analytics engine on an Apache Kafka. Calls come at a steady
rate to the built-in mock; some of them are probes, each of a fresh user and of a model that a
webhook asks for, which are looked for everywhere until they are found. Then the rate grows by half
from 100 on as long as all calls are answered and counted within two seconds of when the last one
was due: the highest one that was. Records a second and core are those of that rate, over the CPU
time of all our processes: relay, meter, archive, analytics and their stores, all but the broker.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.paired import keep
from tests.bench.steady import RefusedError, at_rate, call, tree_cpu_s
from tests.bench.visible import percentile
from tests.support.hooks import SECRET_KEY, Hooks, Receiver, receiving
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import metric

PROBED, PLAIN = "gpt-4o", "gpt-4o-mini"
PROBES_PER_S = 5
FOUND_WITHIN_S, SUSTAINED_S = 60.0, 2.0
LOOKS_S = {"live": 0.02, "analytics": 0.1, "body": 0.1, "webhook": 0.02}
Ages = dict[str, list[float]]


class Looking:
    """Finds probes everywhere; `ages_ms` by place; what is not found in time is missed."""

    def __init__(self, session: aiohttp.ClientSession, url: str, hooks: Receiver) -> None:
        self._session, self._url, self._hooks = session, url, hooks
        self.ages_ms: Ages = {name: [] for name in LOOKS_S}
        self.missed_total = 0

    async def probe(self, user: str, request_id: str, ended_s: float) -> None:
        """Look in all places at once, until each has it."""
        exchange = f"/api/v1/exchanges/{request_id}"
        looks: dict[str, Callable[[], Awaitable[bool]]] = {
            "live": lambda: self._has(f"/api/v1/users/{user}"),
            "analytics": lambda: self._has(exchange),
            "body": lambda: self._has(f"{exchange}/body?side=response"),
            "webhook": lambda: self._was_told(request_id),
        }
        await asyncio.gather(*(self._until(name, look, ended_s) for name, look in looks.items()))

    async def _until(self, name: str, look: Callable[[], Awaitable[bool]], ended_s: float) -> None:
        while time.perf_counter() - ended_s < FOUND_WITHIN_S:
            if await look():
                self.ages_ms[name].append((time.perf_counter() - ended_s) * 1000)
                return
            await asyncio.sleep(LOOKS_S[name])
        self.missed_total += 1

    async def _has(self, path: str) -> bool:
        async with self._session.get(self._url + path) as answer:
            await answer.read()
            return answer.status == 200

    async def _was_told(self, request_id: str) -> bool:
        return request_id in self._hooks.requests()


async def run_at(stack: Process, hooks: Receiver, rate: int, seconds: float) -> dict[str, Any]:
    """Figures of one rate, once all is counted and all probes are found, or time is up."""
    before = await metric(stack, "metered_total", verdict="counted")
    cpu_s, hooks.calls[:] = tree_cpu_s(stack.pid), []
    answered = failed = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        looking = Looking(session, stack.url, hooks)
        probes: list[asyncio.Task[None]] = []

        async def made(number: int) -> None:
            nonlocal answered, failed
            is_probe = number % max(1, rate // PROBES_PER_S) == 0
            user = f"probe-{time.time_ns()}" if is_probe else f"user-{number % 1000}"
            try:
                request_id, _, ended_s = await call(
                    session, stack.url, user, model=PROBED if is_probe else PLAIN
                )
            except (aiohttp.ClientError, OSError, RefusedError):
                failed += 1
                return
            answered += 1
            if is_probe:
                probes.append(asyncio.create_task(looking.probe(user, request_id, ended_s)))

        due_s = time.perf_counter() + seconds
        late_s = await at_rate(rate, seconds, made)
        await until_counted(stack, before + answered)
        behind_s = max(0.0, time.perf_counter() - due_s)
        await asyncio.gather(*probes)
    return ages(looking.ages_ms) | {
        "rate": rate,
        "late_s": round(late_s, 2),
        "behind_s": round(behind_s, 2),
        "failed": failed,
        "missed": looking.missed_total,
        "records_per_core_s": round(answered / (tree_cpu_s(stack.pid) - cpu_s)),
    }


async def until_counted(stack: Process, count: float) -> None:
    """Wait until so many are counted, at most so long as probes are looked for."""
    began_s = time.perf_counter()
    while await metric(stack, "metered_total", verdict="counted") < count:
        if time.perf_counter() - began_s > FOUND_WITHIN_S:
            break
        await asyncio.sleep(0.05)


def ages(found_ms: Ages) -> dict[str, Any]:
    """p50 and p99 by place; None where nothing was found."""
    return {
        f"{name}_p{share * 100:.0f}_ms": round(percentile(found, share)) if found else None
        for name, found in found_ms.items()
        for share in (0.5, 0.99)
    }


async def measured(root: Path, broker: KafkaBroker, args: argparse.Namespace) -> dict[str, Any]:
    """The given rates, then growing ones up to the first that is not sustained."""
    stack = Process(
        root / "data",
        command=[sys.executable, "-m", "app", "up"],
        kafka__bootstrap_servers=broker.bootstrap_servers,
        webhooks__secret_key=SECRET_KEY,
        webhooks__allow_private="true",
        webhooks__allow_http="true",
    ).start()
    found: dict[str, Any] = {}
    try:
        await stack.until_ready(120)
        async with receiving() as hooks:
            await Hooks(stack).create(hooks.url, filters={"models": [PROBED]})
            await run_at(stack, hooks, 50, 4)
            rate, sustained = 100, 0
            for each in args.rates:
                found[f"at {each}/s"] = await run_at(stack, hooks, each, args.seconds)
                print(found[f"at {each}/s"], flush=True)
            while True:
                made = await run_at(stack, hooks, rate, args.seconds)
                print(made, flush=True)
                if max(made["behind_s"], made["late_s"]) > SUSTAINED_S or made["failed"]:
                    return found | {"sustained_per_s": sustained}
                sustained, found["at the highest"] = rate, made
                rate = int(rate * 1.5)
    finally:
        stack.stop()


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--seconds", type=float, default=8)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        KafkaBroker.running(Path(directory) / "kafka") as broker,
    ):
        figures = asyncio.run(measured(Path(directory), broker, args))
    print(f"highest sustained rate: {figures['sustained_per_s']}/s")
    keep("end_to_end", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
