"""The meter's job in Quix Streams: one stateful step, its state in RocksDB with a changelog."""

import argparse
import tempfile
import uuid
from typing import Any

from quixstreams import Application

from app.engine.contracts import Position
from tests.bench.meters.job import decode, handled, seen_key_of
from tests.bench.meters.timing import Stopwatch


def run(servers: str, prefix: str, count: int, data_dir: str) -> None:
    """Handle `count` records; a checkpoint makes them durable."""
    app = Application(
        broker_address=servers,
        consumer_group=f"quix-{uuid.uuid4().hex[:8]}",
        auto_offset_reset="earliest",
        state_dir=data_dir,
        commit_interval=1.0,
        loglevel="ERROR",
    )
    name = f"{prefix}.exchanges"
    source = app.topic(name, key_deserializer="bytes", value_deserializer="bytes")
    facts = app.topic(f"{prefix}.quix-facts", key_serializer="bytes", value_serializer="bytes")
    watch = Stopwatch(count)

    def meter(value: bytes, key: bytes, timestamp: int, headers: Any, state: Any) -> Any:
        record = decode(value)
        seen_name = seen_key_of(record).decode()
        # Quix shows a stateful step no offset: any number that rises will do.
        position = Position("e", name, 0, watch.seen)
        found = (state.get_bytes(seen_name), state.get_bytes("user"))
        result = handled(record, position, *found)
        if watch.tick():
            app.stop()
        if result is None:
            return []
        state.set_bytes("user", result.aggregate)
        state.set_bytes(seen_name, result.seen)
        return [result.fact]

    frame = app.dataframe(source)
    frame = frame.apply(meter, stateful=True, metadata=True, expand=True)
    frame.to_topic(facts)
    app.run(frame)
    watch.report()


def main() -> None:
    """`--servers`, `--prefix` of the topics, `--count`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--count", type=int, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as data_dir:
        run(args.servers, args.prefix, args.count, data_dir)


if __name__ == "__main__":
    main()
