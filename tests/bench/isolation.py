"""Does one side feel it when the other one restarts? Two proxies and three workers on one broker.

    python -m tests.bench.isolation [--rounds N] [--seconds N]

In each round, in an order shuffled anew, a slice of undisturbed running (A), another one (A'), one
in which all workers are stopped and started again (the relay's latency is looked at), and one in
which all proxies are (the workers' delay is). Calls go through the proxies at a fixed rate, records
of other users straight to the broker at another. Latency is that of a call; delay is from a
record's being produced to its being counted. The workers have a core of their own where there are
two, the proxies and the callers the other, so that a start does not take the time of those that
are looked at. Exits 1 if the 95 % interval of a median ratio of B to A reaches higher than that of
A' to A plus 10 %.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from app.plain_producer import Outgoing, PlainProducer
from app.record.codec import decode_fact, encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from tests.bench.paired import keep, no_slower, paired_ratio, shuffled
from tests.support.consume import consume_all
from tests.support.exchanges import exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import BODY

CALLS_PER_S, RECORDS_PER_S, TICK_S = 30, 60, 0.1
PARTITIONS, SETTLE_S = 6, 2.0
CORES = os.cpu_count() or 1
SLICES = ("undisturbed", "again", "workers restarted", "proxies restarted")
Act = Callable[[], Awaitable[None]]


class Deployment:
    """Two proxies and three workers."""

    def __init__(self, broker: KafkaBroker, root: Path) -> None:
        self.broker = broker
        self.proxies = [self._process(root / f"proxy-{n}", "proxy", 0) for n in range(2)]
        self.workers = [self._process(root / f"worker-{n}", "worker", 1) for n in range(3)]
        self.seed = 0

    def _process(self, root: Path, role: str, core: int) -> Process:
        command = [sys.executable, "-m", "app", "worker"]
        if CORES > 1:
            command = ["taskset", "-c", str(core), *command]
        return Process(
            root,
            command=command,
            role=role,
            kafka__bootstrap_servers=self.broker.bootstrap_servers,
            kafka__partitions=PARTITIONS,
            kafka__session_timeout_s=6,
            internal_token="the-token-of-this-benchmark",
        )

    async def start(self) -> None:
        """All of them, ready."""
        await restarted(self.workers + self.proxies, running=False)

    async def slice(self, seconds: float, disturb: list[Process]) -> tuple[float, set[str]]:
        """Median latency in milliseconds, and which records went straight to the broker."""
        latencies: list[float] = []
        sent: set[str] = set()
        calling = asyncio.ensure_future(self._call(seconds, latencies))
        producing = asyncio.ensure_future(self._produce(seconds, sent))
        if disturb:
            await asyncio.sleep(seconds / 8)
            await restarted(disturb)
        await asyncio.gather(calling, producing)
        await asyncio.sleep(SETTLE_S)
        return statistics.median(latencies), sent

    async def _call(self, seconds: float, latencies: list[float]) -> None:
        """Calls at a fixed rate, by turns; one whose proxy is away does not count."""

        async def one(session: aiohttp.ClientSession, url: str) -> None:
            began_s = time.perf_counter()
            try:
                async with session.post(f"{url}/mock/v1/chat/completions", json=BODY) as answer:
                    await answer.read()
            except (aiohttp.ClientError, OSError):
                return
            latencies.append((time.perf_counter() - began_s) * 1000)

        began_s = time.monotonic()
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for number in range(int(seconds * CALLS_PER_S)):
                due_s = began_s + number / CALLS_PER_S
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                group.create_task(one(session, self.proxies[number % 2].url))

    async def _produce(self, seconds: float, sent: set[str]) -> None:
        producer = PlainProducer({"bootstrap_servers": self.broker.bootstrap_servers})
        began_s, each = time.monotonic(), int(RECORDS_PER_S * TICK_S)
        for tick in range(int(seconds / TICK_S)):
            await asyncio.sleep(max(0.0, began_s + tick * TICK_S - time.monotonic()))
            self.seed += 1
            for record in exchanges(self.seed, each, started_at=datetime.now(UTC)):
                key = exchange_key(record.tenant, record.user, record.request_id)
                stamped = record.model_copy(update={"produced_at": datetime.now(UTC)})
                await producer.write([Outgoing(Topics().exchanges, key, encode_record(stamped))])
                sent.add(record.request_id)
        await producer.close()


async def restarted(processes: list[Process], *, running: bool = True) -> None:
    """All of them stopped at once, started at once, and serving again."""
    if running:
        await asyncio.gather(*(asyncio.to_thread(each.stop) for each in processes))
    for each in processes:
        each.start()
    for each in processes:
        await each.until_ready(90)


async def delays_ms(broker: KafkaBroker) -> dict[str, float]:
    """From being produced to being counted, for each record."""
    found = {}
    for message in await consume_all(broker.bootstrap_servers, Topics().facts):
        fact = decode_fact(message.value)
        delay_s = (fact.metered_at - fact.record.produced_at).total_seconds()
        found[fact.record.request_id] = delay_s * 1000
    return found


async def measured(broker: KafkaBroker, root: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """The figures of each slice, and the ratios."""
    deployment, rng = Deployment(broker, root), random.Random(5)
    latency: dict[str, list[float]] = {name: [] for name in SLICES}
    sent: dict[str, list[set[str]]] = {name: [] for name in SLICES}
    disturbed = {SLICES[2]: deployment.workers, SLICES[3]: deployment.proxies}
    try:
        await deployment.start()
        await deployment.slice(seconds, [])
        for number in range(rounds):
            for name in shuffled(list(SLICES), rng):
                median_ms, ids = await deployment.slice(seconds, disturbed.get(name, []))
                latency[name].append(median_ms)
                sent[name].append(ids)
            print(f"round {number + 1} of {rounds}", flush=True)
        took = await delays_ms(broker)
    finally:
        for each in deployment.proxies + deployment.workers:
            if each.popen is not None:
                each.kill()
    delay = {
        name: [statistics.median(took[each] for each in ids) for ids in some]
        for name, some in sent.items()
    }
    return {
        "latency_ms": {name: statistics.median(some) for name, some in latency.items()},
        "delay_ms": {name: statistics.median(some) for name, some in delay.items()},
        "lost": sum(len(ids - took.keys()) for some in sent.values() for ids in some),
        "relay_repeated": paired_ratio(latency["again"], latency["undisturbed"]),
        "relay_while_workers_restart": paired_ratio(latency[SLICES[2]], latency["undisturbed"]),
        "delay_repeated": paired_ratio(delay["again"], delay["undisturbed"]),
        "delay_while_proxies_restart": paired_ratio(delay[SLICES[3]], delay["undisturbed"]),
    }


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=8)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        KafkaBroker.running(Path(directory) / "kafka") as broker,
    ):
        if CORES > 1:
            os.sched_setaffinity(0, {0})
        found = asyncio.run(measured(broker, Path(directory), args.rounds, args.seconds))
    held = (
        no_slower(found["relay_while_workers_restart"], found["relay_repeated"])
        and no_slower(found["delay_while_proxies_restart"], found["delay_repeated"])
        and not found["lost"]
    )
    for name, figure in found.items():
        print(f"{name}: {figure}")
    keep("isolation", found | {"held": held})
    print("held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
