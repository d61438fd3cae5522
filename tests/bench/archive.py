"""What archiving costs: PUTs per 1,000 exchanges, bodies per second and core, bytes stored.

    python -m tests.bench.archive              # the batching in virtual time, the sink on SeaweedFS
    python -m tests.bench.archive --kafka      # besides: a whole worker on a broker of its own

`puts_per_1000` follows from the engine's own batching: 100 exchanges/s over 4 partitions, one
tenant, batches of 10 s: about partitions × tenants × 1,000 / (rate × age) where no batch is full
before. `bodies_per_cpu_s` is exchanges of 4 KB per second of CPU time of the process, all threads,
from messages to places told. Bounds: 5 PUTs, 3,000 bodies a second. Exits 1 if one is broken.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import uvloop

from agents.archive import archive_agent
from app.clock import SystemClock
from app.engine.backoff import Backoff
from app.engine.batching import BatchLane
from app.engine.contracts import BatchLimits, Message, Position
from app.engine.memory import MemoryEmitter
from app.metrics import Metrics
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_codec import encode_bodies
from app.record.topics import Topics
from app.sinks.archive.s3 import S3Store
from app.sinks.archive.sink import ArchiveSink
from app.sinks.watch import SinkWatch
from config.archive_sections import ArchiveSettings
from tests.bench.cpu import cpu_s_of
from tests.bench.paired import keep
from tests.support.bodies import text
from tests.support.exchanges import exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce_raw
from tests.support.seaweed import Seaweed

MAX_PUTS_PER_1000 = 5.0
MIN_BODIES_PER_CPU_S = 3000.0
RATE_PER_S, PARTITIONS, AGE_S, SECONDS = 100, 4, 10.0, 600
TOPICS = Topics("bench")
DEFAULTS = ArchiveSettings()


def limits(**changes: Any) -> BatchLimits:
    """Those of the settings."""
    made = DEFAULTS.model_copy(update=changes)
    return BatchLimits(made.batch_records, made.batch_bytes, made.batch_age_s)


def puts_per_1000(rate_per_s: int, partitions: int, age_s: float, size_bytes: int = 1500) -> float:
    """Batches per 1,000 exchanges of one tenant, in virtual time."""
    rng = random.Random(1)
    lanes: list[BatchLane[int]] = [
        BatchLane(limits(batch_age_s=age_s), Backoff(1, 1, rng.random), 5.0)
        for _ in range(partitions)
    ]
    puts, offsets = 0, [0] * partitions
    for number in range(rate_per_s * SECONDS):
        now_s = number / rate_per_s
        chosen = rng.randrange(partitions)
        lanes[chosen].add(offsets[chosen], size_bytes, 0, now_s)
        offsets[chosen] += 1
        for lane in lanes:
            for job in lane.take(now_s):
                puts += 1
                lane.settle(job, [None] * len(job), now_s)
                lane.pop_done()
    return puts / (rate_per_s * SECONDS / 1000)


def made(count: int) -> tuple[list[bytes], float]:
    """Messages of exchanges of about 4 KB, and the mean bytes of their bodies."""
    rng, values, total_bytes = random.Random(2), [], 0
    for record in exchanges(4, count):
        said = [{"role": "user", "content": text(rng, 1500)}]
        asked = json.dumps({"model": "gpt-4o", "messages": said}).encode()
        events = []
        while sum(map(len, events)) + len(asked) < 4096:
            delta = json.dumps({"choices": [{"index": 0, "delta": {"content": text(rng, 12)}}]})
            events.append(f'data: {{"id":"chatcmpl-{rng.random()}",{delta[1:]}\n\n'.encode())
        answered = b"".join(events)
        total_bytes += len(asked) + len(answered)
        parts = (
            BodyPart("application/json", "", asked),
            BodyPart("text/event-stream", "", answered),
        )
        values.append(
            encode_bodies(BodyEnvelope("default", record.request_id, record.started_at, *parts))
        )
    return values, total_bytes / count


async def sink_alone(seaweed: Seaweed, count: int) -> dict[str, float]:
    """The agent over a real store, batch after batch, without a broker."""
    values, body_bytes = made(count)
    store, metrics, emitter = S3Store(seaweed.settings()), Metrics(), MemoryEmitter()
    sink = ArchiveSink(store, metrics)
    await sink.start()
    watch = SinkWatch(sink.name, lambda: sink.state, metrics)
    agent = archive_agent(sink, emitter, TOPICS, watch=watch, clock=SystemClock(), metrics=metrics)
    messages = [
        Message(b"k", value, Position("e", "t", number % PARTITIONS, number), 0.0)
        for number, value in enumerate(values)
    ]
    batches = [messages[at : at + 1000] for at in range(0, count, 1000)]
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for batch in batches:
        assert await agent.write(batch) == [None] * len(batch)
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    assert len(emitter.on(TOPICS.archived)) == count
    await store.close()
    stored = metrics.registry.get_sample_value("tailrace_archive_bytes_total") or 0.0
    return {
        "bodies_per_cpu_s": round(count / cpu_s),
        "bodies_per_s": round(count / took_s),
        "body_bytes_per_exchange": round(body_bytes),
        "stored_bytes_per_exchange": round(stored / count),
    }


async def whole_worker(broker: KafkaBroker, seaweed: Seaweed, count: int, root: Path) -> Any:
    """A worker that has `count` bodies to catch up with: from its being ready to the last one."""
    prefix = f"b{uuid.uuid4().hex[:8]}"
    worker = Process(
        root / "worker",
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__topic_prefix=prefix,
        kafka__partitions=PARTITIONS,
        **seaweed.variables(),
    )
    await broker.create_topics(Topics(prefix).specs(), PARTITIONS)
    values, _ = made(count)
    await produce_raw(
        broker.bootstrap_servers,
        Topics(prefix).bodies,
        [(str(number).encode(), value) for number, value in enumerate(values)],
    )
    await worker.start().until_live()
    try:
        while await archived(worker) == 0:
            await asyncio.sleep(0.05)
        began_s, began_cpu_s, before = (
            time.perf_counter(),
            cpu_s_of(worker.pid),
            await archived(worker),
        )
        while (now := await archived(worker)) < count - DEFAULTS.batch_records * PARTITIONS:
            await asyncio.sleep(0.05)
        took_s, cpu_s = time.perf_counter() - began_s, cpu_s_of(worker.pid) - began_cpu_s
    finally:
        worker.kill()
    done = now - before
    return {"bodies_per_cpu_s": round(done / cpu_s), "bodies_per_s": round(done / took_s)}


async def archived(worker: Process) -> float:
    """Exchanges in objects so far."""
    _, page = await worker.get("/metrics")
    name = "tailrace_archive_exchanges_total "
    lines = [line for line in str(page).splitlines() if line.startswith(name)]
    return float(lines[0].split()[1]) if lines else 0.0


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", action="store_true", help="a whole worker besides")
    parser.add_argument("--exchanges", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        seaweed = Seaweed(root / "seaweed").start()
        try:
            figures: dict[str, Any] = {
                "puts_per_1000": round(puts_per_1000(RATE_PER_S, PARTITIONS, AGE_S), 2),
                "formula": PARTITIONS * 1000 / (RATE_PER_S * AGE_S),
                **uvloop.run(sink_alone(seaweed, args.exchanges)),
            }
            if args.kafka:
                with KafkaBroker.running(root / "kafka") as broker:
                    whole = whole_worker(broker, seaweed, 3 * args.exchanges, root)
                    figures["worker"] = uvloop.run(whole)
        finally:
            seaweed.kill()
    held = (
        figures["puts_per_1000"] <= MAX_PUTS_PER_1000
        and figures["bodies_per_cpu_s"] >= MIN_BODIES_PER_CPU_S
    )
    keep("archive", figures | {"held": held})
    print(json.dumps(figures, indent=2), "held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
