"""What publishing costs the process: per offer in the relay's path, per record in the tasks.

    python -m tests.bench.publish                  # in memory: the publisher alone
    python -m tests.bench.publish --kafka          # on a real broker, started for this

Records are of 2 KB; half of them have bodies of 4 KB in a second run. `offer_us` is wall time of
one call, which encodes what is small, once the response is out; `drain_us` the process' CPU time
per record from the first offer to the last ack, offers apart. Bounds without bodies: 15 µs an
offer, 60 µs a record. Exits 1 if one is broken.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from app.clock import SystemClock
from app.metrics import Metrics
from app.record.bodies import BodyPart
from app.record.build import build_record
from app.record.draft import drafted
from app.record.topics import Topics
from proxy.exchange import Finished
from proxy.publisher.kafka_outlet import KafkaOutlet
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outlet import Outlet
from proxy.publisher.publisher import Bounds, Publisher
from tests.bench.paired import keep
from tests.support.finished import finished
from tests.support.kafka import KafkaBroker
from tests.support.records import fields

MAX_OFFER_US = 15.0
MAX_DRAIN_US = 60.0
ROUNDS = 5
TOPICS = Topics("bench")
WORDS = ["the", "price", "of", "a", "token", "is", "known", "to", "nobody", "but", "its", "maker"]


def exchanges(count: int, body_bytes: int) -> list[Finished]:
    """Typical exchanges with strings of their own; the bodies are text that compresses as such."""
    rng = random.Random(3)
    made = []
    for number in range(count):
        base = finished(number, body_bytes)
        text = " ".join(rng.choices(WORDS, k=max(1, body_bytes // 4)))[:body_bytes].encode()
        record = build_record(**fields(request_id=base.record.request_id, user=f"u{number % 997}"))
        bodies = base.bodies
        if bodies is not None and number % 2:
            part = BodyPart("application/json", "", text)
            bodies = type(bodies)(
                bodies.tenant, bodies.request_id, bodies.started_at, part, bodies.response
            )
        made.append(Finished(drafted(record), bodies if number % 2 else None))
    return made


async def measure(outlet: Outlet, offered: list[Finished]) -> tuple[float, float]:
    """Microseconds per offer, and of CPU per record afterwards."""
    bounds = Bounds(len(offered) + 1, 1 << 30)
    publisher = Publisher(
        outlet, TOPICS, producer_id="bench", bounds=bounds, clock=SystemClock(), metrics=Metrics()
    )
    await publisher.start()
    while publisher.state != "direct":
        await asyncio.sleep(0.01)
    began_s = time.perf_counter()
    for each in offered:
        publisher.offer(each)
    offer_s = time.perf_counter() - began_s
    cpu_s = time.process_time()
    while len(publisher.queue):
        await asyncio.sleep(0.005)
    cpu_s = time.process_time() - cpu_s
    await publisher.close(1)
    assert publisher.queue.delivered_total == len(offered)
    return offer_s / len(offered) * 1e6, cpu_s / len(offered) * 1e6


async def compare(servers: str | None, count: int) -> dict[str, Any]:
    """The figures, with bodies and without."""
    figures: dict[str, Any] = {"outlet": "kafka" if servers else "memory", "records": count}
    for name, body_bytes in (("records", 0), ("half_with_bodies", 4096)):
        rounds = []
        for _ in range(ROUNDS):
            outlet: Outlet = MemoryOutlet()
            if servers is not None:
                outlet = KafkaOutlet({"bootstrap_servers": servers}, request_timeout_s=10)
            rounds.append(await measure(outlet, exchanges(count, body_bytes)))
        offers, drains = zip(*rounds, strict=True)
        figures[name] = {
            "offer_us": round(statistics.median(offers), 2),
            "drain_us": round(statistics.median(drains), 1),
        }
    return figures


def on_kafka(count: int) -> dict[str, Any]:
    """The figures on a broker of our own."""
    with tempfile.TemporaryDirectory() as root, KafkaBroker.running(Path(root)) as broker:
        uvloop.run(broker.create_topics(TOPICS.specs()))
        return uvloop.run(compare(broker.bootstrap_servers, count))


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", action="store_true", help="on a real broker")
    parser.add_argument("--records", type=int, default=10_000)
    args = parser.parse_args()
    figures = on_kafka(args.records) if args.kafka else uvloop.run(compare(None, args.records))
    alone = figures["records"]
    held = alone["offer_us"] <= MAX_OFFER_US and alone["drain_us"] <= MAX_DRAIN_US
    keep("publish", figures | {"held": held})
    print(figures, "held" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
