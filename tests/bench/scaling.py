"""Do more workers cost more? CPU per record, partitions and records of 1, 2 and 4 on one topic.

    python -m tests.bench.scaling --rounds 3

Each run is a deployment of its own on one broker: the workers are ready and hold their partitions,
then records of many users are produced at once, and counted. CPU is user and system time of the
worker processes from the first record produced to the last one counted. Rounds are interleaved in a
random order. Bounds: medians of CPU per record within 15 % of each other, partitions per worker
that differ by at most one, each worker's records within 10 % of the share of its partitions.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.record.topics import Topics
from tests.bench.cpu import cpu_s_of
from tests.bench.paired import keep, shuffled
from tests.support.exchanges import exchanges, user_names
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.relayed import metric

TOKEN = "the-token-of-this-benchmark"
COUNTS = (1, 2, 4)
PARTITIONS = 24
USERS = 8000
MAX_SPREAD, MAX_SHARE_OFF, MAX_PARTITIONS_APART = 0.15, 0.10, 1


async def counted(worker: Process) -> int:
    """Records that this worker has counted."""
    return int(await metric(worker, "metered_total", verdict="counted"))


async def partitions_of(worker: Process, topic: str) -> int:
    """How many partitions of the topic the worker holds."""
    status, answer = await worker.get(
        "/internal/pipeline", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    return len(answer["partitions"].get(topic, [])) if status == 200 else 0


def deployment(root: Path, broker: KafkaBroker, prefix: str, count: int) -> list[Process]:
    """So many workers, started."""
    return [
        Process(
            root / f"{prefix}-{number}",
            role="worker",
            kafka__bootstrap_servers=broker.bootstrap_servers,
            kafka__topic_prefix=prefix,
            kafka__partitions=PARTITIONS,
            internal_token=TOKEN,
        ).start()
        for number in range(count)
    ]


async def settled(workers: list[Process], topic: str) -> list[int]:
    """Wait until every partition is held; how many by each."""
    for each in workers:
        await each.until_ready()
    async with asyncio.timeout(90):
        while True:
            held = [await partitions_of(each, topic) for each in workers]
            if sum(held) == PARTITIONS and all(held):
                return held
            await asyncio.sleep(0.5)


async def run(root: Path, broker: KafkaBroker, prefix: str, count: int, records: int) -> Any:
    """One deployment: microseconds of CPU per record, partitions and records of each worker."""
    workers = deployment(root, broker, prefix, count)
    try:
        held = await settled(workers, Topics(prefix).exchanges)
        made = list(exchanges(5, records, users=user_names(USERS), started_at=datetime.now(UTC)))
        before_s, began_s = sum(cpu_s_of(each.pid) for each in workers), time.monotonic()
        await produce(broker.bootstrap_servers, made, prefix=prefix)
        async with asyncio.timeout(300):
            while sum(each := [await counted(worker) for worker in workers]) < records:
                await asyncio.sleep(0.5)
        used_s = sum(cpu_s_of(worker.pid) for worker in workers) - before_s
        return {
            "cpu_us": used_s / records * 1e6,
            "seconds": time.monotonic() - began_s,
            "partitions": held,
            "records": each,
        }
    finally:
        for worker in workers:
            worker.kill()


def broken(runs: dict[int, list[Any]], records: int) -> list[str]:
    """The bounds that do not hold, in words."""
    cpu = [statistics.median(each["cpu_us"] for each in some) for some in runs.values()]
    found = []
    if max(cpu) > min(cpu) * (1 + MAX_SPREAD):
        found.append(f"CPU per record: {max(cpu) / min(cpu) - 1:.0%} apart")
    for count, some in runs.items():
        for each in some:
            if max(each["partitions"]) - min(each["partitions"]) > MAX_PARTITIONS_APART:
                found.append(f"{count} workers: partitions {each['partitions']}")
            for held, got in zip(each["partitions"], each["records"], strict=True):
                if abs(got / (records * held / PARTITIONS) - 1) > MAX_SHARE_OFF:
                    found.append(f"{count} workers: {got} records on {held} partitions")
    return found


async def compare(rounds: int, records: int) -> int:
    """Run it all, print the table; the exit code."""
    runs: dict[int, list[Any]] = {count: [] for count in COUNTS}
    rng = random.Random(7)
    with (
        tempfile.TemporaryDirectory() as root,
        KafkaBroker.running(Path(root) / "kafka") as broker,
    ):
        for number in range(rounds):
            for name in shuffled([str(count) for count in COUNTS], rng):
                prefix = f"s{number}w{name}"
                done = await run(Path(root), broker, prefix, int(name), records)
                runs[int(name)].append(done)
    faults = broken(runs, records)
    keep("scaling", {"records": records, "runs": runs, "broken": faults})
    print("workers  CPU/record   records/s  partitions    records of each worker")
    for count, some in runs.items():
        cpu_us = statistics.median(each["cpu_us"] for each in some)
        rate = records / statistics.median(each["seconds"] for each in some)
        last = some[-1]
        print(f"{count:>7}  {cpu_us:>7.0f} us  {rate:>10.0f}  {last['partitions']!s:<12}", end="  ")
        print(last["records"])
    print("held" if not faults else "BROKEN: " + "; ".join(faults))
    return 1 if faults else 0


def main() -> None:
    """Parse the command line and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=20_000)
    args = parser.parse_args()
    sys.exit(asyncio.run(compare(args.rounds, args.records)))


if __name__ == "__main__":
    main()
