"""How cost grows: the meter's with partitions and users, the relay's with open streams.

    python -m tests.bench.growth [--rounds N] [--records N] [--full]
    python -m tests.bench.growth --only streams      # or meter

Meter: a worker whose table of users is full already (written into its changelog, then restored) is
ready and has ranked them; then records of these users are produced at once. CPU is that of the
process until the last one is counted; its changelogs' bytes are those written since. 1,000 users on
1, 4, 16 and 48 partitions, then 100,000 on four, with --full a million too.

Relay: CPU for each chunk with 1, 100 and 1,000 streams open, of the bare relay and of ours in role
`proxy`, and what a stream holds at its peak over what the process held before, in the first round.
A stream's chunks are further apart the more there are, so that a hundred streams make as many
chunks a second as a thousand; a single one makes few, and pays for what an idle process does.
No bound; the medians are kept, and compared by the reader.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench.canned_upstream import CHUNKS
from tests.bench.cpu import cpu_s_of
from tests.bench.load import chunk_us, cpu_s
from tests.bench.paired import keep, paired_ratio, shuffled
from tests.bench.recorded import OURS_PATH, PATH, recorded
from tests.bench.recovery import fill
from tests.bench.visible import resident_mb
from tests.support.exchanges import exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.relayed import metric

SHAPES = ((1, 1000), (4, 1000), (16, 1000), (48, 1000), (4, 100_000))
LARGEST = (4, 1_000_000)
READY_S, COUNTED_S, POLL_S = 600.0, 300.0, 0.5
STREAMS = (1, 100, 1000)
CHUNKS_PER_S = 5000
FEWEST_TIMES = 5
LOOK_S, IDLE_S = 0.05, 3.0
Slices = dict[tuple[int, str], list[tuple[float, float]]]
"""CPU microseconds for each chunk and peak megabytes, by streams and relay, round by round."""


@dataclass(frozen=True, slots=True)
class Metered:
    """What one backlog cost."""

    cpu_us: float
    records_per_s: float
    changelog_bytes: float
    rss_mb: float


def worker(broker: KafkaBroker, root: Path, prefix: str, partitions: int) -> Process:
    """The only worker of its deployment, not started yet."""
    return Process(
        root / prefix,
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__topic_prefix=prefix,
        kafka__partitions=partitions,
    )


async def ends(servers: str, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset that comes next, of each."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    try:
        found: dict[TopicPartition, int] = await consumer.end_offsets([*partitions])
        return found
    finally:
        await consumer.stop()


async def bytes_since(servers: str, starts: dict[TopicPartition, int]) -> int:
    """Keys and values from these offsets to the ends."""
    upto, total = await ends(servers, starts), 0
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([*starts])
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        while [each for each, end in upto.items() if await consumer.position(each) < end]:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                total += sum(len(each.key or b"") + len(each.value or b"") for each in batch)
        return total
    finally:
        await consumer.stop()


async def filled(process: Process, broker: KafkaBroker, prefix: str, users: int) -> None:
    """Ready, with so many users in its table, and all of them ranked."""
    await process.start().until_ready(READY_S)
    await asyncio.to_thread(process.stop)
    await fill(broker, users, f"tailrace-{prefix}-users-changelog")
    shutil.rmtree(process.data_dir)
    await process.start().until_ready(READY_S)
    async with asyncio.timeout(READY_S):
        while (await process.get("/api/v1/users?limit=10"))[0] != 200:
            await asyncio.sleep(POLL_S)


async def metered(
    broker: KafkaBroker, root: Path, prefix: str, shape: tuple[int, int], count: int
) -> Metered:
    """What so many records cost on so many partitions with so many users."""
    partitions, users = shape
    process, servers = worker(broker, root, prefix, partitions), broker.bootstrap_servers
    logs = [
        TopicPartition(f"tailrace-{prefix}-{table}-changelog", number)
        for table in ("users", "seen")
        for number in range(partitions)
    ]
    names = [f"user-{number}" for number in range(users)]
    records = list(exchanges(5, count, users=names, started_at=datetime.now(UTC)))
    try:
        await filled(process, broker, prefix, users)
        starts = await ends(servers, logs)
        began_s, before_s = time.monotonic(), cpu_s_of(process.pid)
        await produce(servers, records, prefix=prefix)
        async with asyncio.timeout(COUNTED_S):
            while await metric(process, "metered_total", verdict="counted") < count:
                await asyncio.sleep(POLL_S)
        used_s, took_s = cpu_s_of(process.pid) - before_s, time.monotonic() - began_s
        rss_mb = process.rss_mb()
        await asyncio.to_thread(process.stop)
    finally:
        process.kill()
    logged = await bytes_since(servers, starts)
    return Metered(used_s / count * 1e6, count / took_s, logged / count, rss_mb)


async def meter_growth(root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Medians of all rounds by shape."""
    shapes = {f"{shape[0]} partitions, {shape[1]} users": shape for shape in SHAPES}
    if args.full:
        shapes[f"{LARGEST[0]} partitions, {LARGEST[1]} users"] = LARGEST
    found: dict[str, list[Metered]] = {name: [] for name in shapes}
    rng = random.Random(4)
    with KafkaBroker.running(root / "meter-kafka") as broker:
        for number in range(args.rounds):
            for name in shuffled([*shapes], rng):
                shape = shapes[name]
                prefix = f"g{number}p{shape[0]}u{shape[1]}"
                found[name].append(await metered(broker, root, prefix, shape, args.records))
                print(f"round {number + 1}, {name}: {found[name][-1]}", flush=True)
    return {name: median_of(some) for name, some in found.items()}


def median_of(some: list[Metered]) -> dict[str, float]:
    """Field by field."""
    rows = [asdict(each) for each in some]
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def pause_ms(streams: int) -> int:
    """Between two chunks of a stream, of so many at once."""
    return max(10, streams * 1000 // CHUNKS_PER_S)


def times_of(streams: int) -> int:
    """How often each is opened: a single one several times, for enough chunks."""
    return max(1, FEWEST_TIMES // streams)


async def peak_mb(pid: int, found: list[float]) -> None:
    """Note resident memory until cancelled."""
    while True:
        found.append(resident_mb(pid))
        await asyncio.sleep(LOOK_S)


async def slice_of(port: int, path: str, pid: int, streams: int) -> tuple[float, float]:
    """CPU microseconds for each chunk, and resident megabytes at the peak."""
    seen = [resident_mb(pid)]
    looking = asyncio.create_task(peak_mb(pid, seen))
    asked = f"{path}?pause_ms={pause_ms(streams)}"
    each_us = await chunk_us(port, asked, pid, streams, CHUNKS, times_of(streams))
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    return each_us, max(seen)


async def stream_growth(root: Path, rounds: int) -> dict[str, Any]:
    """CPU and memory by relay and streams; of ours also what a second costs without any call."""
    found: Slices = {}
    async with recorded(root) as made:
        bare, bare_port = await made.beside("bare_relay")
        at = {
            "bare": (bare_port, PATH, bare.pid),
            "ours": (made.ours.port, OURS_PATH, made.ours.pid),
        }
        made.alone(*(pid for _, _, pid in at.values()))
        for each in at.values():
            await slice_of(*each, STREAMS[0])
        before_s = cpu_s(made.ours.pid)
        await asyncio.sleep(IDLE_S)
        idle_ms = (cpu_s(made.ours.pid) - before_s) / IDLE_S * 1000
        before_mb = {name: resident_mb(pid) for name, (_, _, pid) in at.items()}
        rng = random.Random(8)
        for _ in range(rounds):
            for streams in STREAMS:
                for name in shuffled([*at], rng):
                    figures = await slice_of(*at[name], streams)
                    found.setdefault((streams, name), []).append(figures)
    return streams_summary(found, before_mb) | {"idle_ms_per_s": idle_ms}


def streams_summary(found: Slices, before_mb: Mapping[str, float]) -> dict[str, Any]:
    """Medians, ratios, and memory of the first round, which begins with a fresh process."""
    cpu = {key: [each_us for each_us, _ in some] for key, some in found.items()}
    peaks = {key: some[0][1] for key, some in found.items()}
    ratios = {
        f"{streams} ours to bare": asdict(paired_ratio(cpu[streams, "ours"], cpu[streams, "bare"]))
        for streams in sorted({streams for streams, _ in found})
    }
    return {
        "chunk_us": {f"{n} {name}": statistics.median(some) for (n, name), some in cpu.items()},
        "before_mb": dict(before_mb),
        "peak_mb": {f"{n} {name}": peak for (n, name), peak in peaks.items()},
        "stream_kb": {
            f"{n} {name}": (peak - before_mb[name]) * 1000 / n for (n, name), peak in peaks.items()
        },
        **ratios,
    }


async def run(root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """What was asked for."""
    figures: dict[str, Any] = {"records": args.records}
    if args.only != "meter":
        figures["streams"] = await stream_growth(root, args.rounds)
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    if args.only != "streams":
        figures["meter"] = await meter_growth(root, args)
    return figures


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", choices=("meter", "streams"))
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(Path(root), parser.parse_args()))
    for part in ("streams", "meter"):
        for name, figure in figures.get(part, {}).items():
            print(f"{name}: {figure}")
    keep("growth", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
