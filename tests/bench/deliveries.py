"""What webhooks cost, and how soon they arrive, while another endpoint hangs.

    python -m tests.bench.deliveries [--exchanges N] [--rate N] [--seconds N]

A worker on Apache Kafka tells two endpoints of every exchange: one answers at once, the other one
never. First it catches up with exchanges that lie in the topic: deliveries to the quick endpoint
per second of CPU time of the worker, all threads, its metering included, and per second of the
clock. Then calls pass through at a steady rate: from the end of a response, as the client sees it,
to the arrival of its webhook. Bounds: 500 deliveries a second and core; p99 below a second. Exits 1
if one is broken.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.cpu import cpu_s_of
from tests.bench.paired import keep
from tests.support.exchanges import exchanges
from tests.support.hooks import SECRET_KEY, Hooks, Receiver, receiving
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.relayed import BODY

MIN_PER_CPU_S = 500.0
MAX_P99_S = 1.0
FIRST = 200


def process_of(broker: KafkaBroker, root: Path) -> Process:
    """A process in role `all` that may call this machine."""
    return Process(
        root / "process",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__partitions=4,
        webhooks__secret_key=SECRET_KEY,
        webhooks__allow_private="true",
        webhooks__allow_http="true",
    )


async def catching_up(
    broker: KafkaBroker, process: Process, quick: Receiver, count: int
) -> dict[str, float]:
    """From the first deliveries to the last one."""
    now = datetime.now(UTC)
    records = [
        each.model_copy(update={"produced_at": now}) for each in exchanges(3, count, started_at=now)
    ]
    await produce(broker.bootstrap_servers, records)
    await quick.until(FIRST, 60)
    before, began_s, began_cpu_s = len(quick.calls), time.perf_counter(), cpu_s_of(process.pid)
    await quick.until(count, 300)
    took_s, cpu_s = time.perf_counter() - began_s, cpu_s_of(process.pid) - began_cpu_s
    return {
        "deliveries_per_cpu_s": round((count - before) / cpu_s),
        "deliveries_per_s": round((count - before) / took_s),
    }


async def arriving(process: Process, quick: Receiver, rate: int, seconds: int) -> dict[str, float]:
    """Seconds from the end of a response to the arrival of its webhook."""
    ended: dict[str, float] = {}
    quick.calls.clear()

    async def call(session: aiohttp.ClientSession) -> None:
        async with session.post(f"{process.url}/mock/v1/chat/completions", json=BODY) as answer:
            await answer.read()
            ended[answer.headers["tailrace-request-id"]] = time.time()

    began_s = time.monotonic()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, began_s + number / rate - time.monotonic()))
            group.create_task(call(session))
    await quick.until(len(ended), 60)
    delays = sorted(
        each.at_s - ended[each.event["data"]["request_id"]]
        for each in quick.calls
        if each.event["data"]["request_id"] in ended
    )
    return {
        "first_attempt_p50_s": round(statistics.median(delays), 3),
        "first_attempt_p99_s": round(delays[int(len(delays) * 0.99)], 3),
    }


async def measured(broker: KafkaBroker, root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Both, on one process."""
    process = process_of(broker, root)
    try:
        await process.start().until_ready()
        async with receiving() as quick, receiving() as hanging:
            hanging.answer = hanging.hang
            await Hooks(process).create(hanging.url)
            await Hooks(process).create(quick.url)
            figures: dict[str, Any] = await catching_up(broker, process, quick, args.exchanges)
            figures |= await arriving(process, quick, args.rate, args.seconds)
            return figures | {"attempts_to_the_one_that_hangs": len(hanging.calls)}
    finally:
        process.kill()


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        with KafkaBroker.running(root / "kafka") as broker:
            figures = asyncio.run(measured(broker, root, args))
    held = (
        figures["deliveries_per_cpu_s"] >= MIN_PER_CPU_S
        and figures["first_attempt_p99_s"] < MAX_P99_S
    )
    keep("deliveries", figures | {"held": held})
    print(json.dumps(figures, indent=2), "held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
