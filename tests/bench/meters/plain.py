"""A plain aiokafka consumer that decodes and does nothing else: what no framework can beat."""

import argparse

import uvloop
from aiokafka import AIOKafkaConsumer

from tests.bench.meters.job import decode
from tests.bench.meters.timing import Stopwatch


async def run(servers: str, topic: str, count: int) -> None:
    """Read and decode all of it."""
    watch = Stopwatch(count)
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=64 << 20,
        max_partition_fetch_bytes=8 << 20,
    )
    await consumer.start()
    try:
        is_last = False
        while not is_last:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                for message in batch:
                    decode(message.value)
                    is_last = watch.tick()
        watch.report()
    finally:
        await consumer.stop()


def main() -> None:
    """`--servers`, `--prefix` of the topics, `--count`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--count", type=int, required=True)
    args = parser.parse_args()
    uvloop.run(run(args.servers, f"{args.prefix}.exchanges", args.count))


if __name__ == "__main__":
    main()
