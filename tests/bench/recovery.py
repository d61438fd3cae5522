"""How long until a worker serves again: with many users in the changelog, with its local data
directory and without, and how long stock Faust takes to restore the same table.

    python -m tests.bench.recovery --users 1000000

The changelog is filled directly, so that no exchange is counted meanwhile. Timed from the start of
the process, Python's included: until it is ready, and until the ranking of users is whole too. Then
random users must be what was written. Stock Faust is timed from its process's start until its table
is whole. Prints JSON, also kept under build/bench/; exits 1 below 1.5 times stock Faust's users a
second.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from app.record.keys import user_key
from app.record.topics import TopicSpec
from tables import aggregate_codec
from tests.bench.paired import keep
from tests.support.kafka import KafkaBroker
from tests.support.metering import aggregate_of
from tests.support.processes import Process

CHANGELOG = "tailrace-users-changelog"
PARTITIONS = 6
KINDS = 50
PIECE = 5000
CHECKED = 200
TIMEOUT_S = 1200.0
STOCK = "stock-restoring"
MUST_BE_TIMES_STOCK = 1.5


def worker(broker: KafkaBroker, data_dir: Path) -> Process:
    """The only worker of its deployment."""
    return Process(
        data_dir,
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__partitions=PARTITIONS,
    )


def requests_of(number: int) -> int:
    """How many exchanges were counted of a user."""
    return 1 + number % KINDS


async def fill(broker: KafkaBroker, users: int, changelog: str = CHANGELOG) -> None:
    """Write every user into a changelog."""
    values = [aggregate_codec.encode(aggregate_of(*range(1 + kind))) for kind in range(KINDS)]
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers, acks="all", linger_ms=20, max_batch_size=1 << 19
    )
    await producer.start()
    try:
        for start in range(0, users, PIECE):
            sent = [
                await producer.send(
                    changelog,
                    values[requests_of(number) - 1],
                    key=user_key("default", f"user-{number}"),
                )
                for number in range(start, min(users, start + PIECE))
            ]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def timed(process: Process, users: int) -> dict[str, float]:
    """Start it; seconds until it serves a user, and until it ranks all."""
    began_s = time.monotonic()
    process.start()
    await process.until_ready(TIMEOUT_S)
    status, answer = await process.get("/api/v1/users/user-0")
    assert status == 200, answer
    served_s = time.monotonic() - began_s
    while (await process.get("/api/v1/users?limit=10"))[0] != 200:
        await asyncio.sleep(0.1)
    ranked_s = time.monotonic() - began_s
    chance = random.Random(1)
    for number in (chance.randrange(users) for _ in range(CHECKED)):
        status, answer = await process.get(f"/api/v1/users/user-{number}")
        assert status == 200, (number, answer)
        assert answer["requests"] == requests_of(number), (number, answer)
    return {"serves_s": round(served_s, 1), "ranks_s": round(ranked_s, 1)}


def size_mb(directory: Path) -> float:
    """What a directory holds."""
    return sum(each.stat().st_size for each in directory.rglob("*") if each.is_file()) / 1e6


async def stock_s(broker: KafkaBroker, users: int) -> float:
    """Seconds until stock Faust has restored as many users."""
    compacted = {"cleanup.policy": "compact"}
    topics = [TopicSpec(f"{STOCK}-users-changelog", PARTITIONS, compacted)]
    await broker.create_topics([*topics, TopicSpec(f"{STOCK}-source", PARTITIONS)], PARTITIONS)
    await fill(broker, users, f"{STOCK}-users-changelog")
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.meters.restoring"]
    command += ["--servers", broker.bootstrap_servers, "--app", STOCK]
    began_s = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, "--partitions", str(PARTITIONS), stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
    except TimeoutError:
        process.kill()
        raise
    assert code == 0, f"stock Faust ended with {code}"
    return time.monotonic() - began_s


async def measure(root: Path, users: int) -> dict[str, Any]:
    """Both starts of one worker."""
    broker = KafkaBroker(root / "kafka")
    process = worker(broker, root / "worker")
    await asyncio.to_thread(broker.prepare)
    await asyncio.to_thread(broker.start)
    try:
        process = worker(broker, root / "worker")
        process.start()
        await process.until_ready(120)
        await asyncio.to_thread(process.stop)
        await fill(broker, users)
        shutil.rmtree(process.data_dir)
        without = await timed(process, users)
        await asyncio.to_thread(process.stop)
        tables_mb = size_mb(process.data_dir)
        with_data = await timed(process, users)
        rss_mb = process.rss_mb()
        await asyncio.to_thread(process.stop)
        took_s = await stock_s(broker, users)
    finally:
        if process.popen is not None:
            process.kill()
        broker.kill()
    return {
        "users": users,
        "partitions": PARTITIONS,
        "without_local_data": without | {"users_per_s": round(users / without["serves_s"])},
        "with_local_data": with_data,
        "stock_s": round(took_s, 1),
        "to_stock": round(took_s / without["serves_s"], 2),
        "local_data_mb": round(tables_mb),
        "worker_rss_mb": round(rss_mb),
    }


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recovery")
    parser.add_argument("--users", type=int, default=200_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recovery-") as root:
        figures = asyncio.run(measure(Path(root), arguments.users))
    print(json.dumps(figures, indent=1))
    keep("recovery", figures)
    return 0 if figures["to_stock"] >= MUST_BE_TIMES_STOCK else 1


if __name__ == "__main__":
    sys.exit(main())
