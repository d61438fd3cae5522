"""The meter's job as Faust's documentation has it: an agent, two tables, a topic."""

import argparse
import os
import tempfile
import uuid
from typing import Any

from app.engine.contracts import Position
from tests.bench.meters.job import decode, handled, seen_key_of
from tests.bench.meters.stock_faust import run, stock_app
from tests.bench.meters.timing import Stopwatch


def app_of(servers: str, prefix: str, count: int, partitions: int, data_dir: str) -> Any:
    """An app that ends when it has handled `count` records."""
    app = stock_app(f"stock-{uuid.uuid4().hex[:8]}", servers, partitions, data_dir)
    raw = {"key_type": bytes, "value_type": bytes, "partitions": partitions}
    source = app.topic(f"{prefix}.exchanges", key_type=bytes, value_type=bytes)
    facts = app.topic(f"{prefix}.stock-facts", key_type=bytes, value_type=bytes)
    users = app.Table("users", **raw)
    seen = app.Table("seen", **raw)
    watch = Stopwatch(count)

    @app.agent(source)
    async def meter(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            record = decode(message.value)
            name = seen_key_of(record)
            position = Position("e", message.topic, message.partition, message.offset)
            result = handled(record, position, seen.get(name), users.get(message.key))
            if result is not None:
                users[message.key] = result.aggregate
                seen[name] = result.seen
                await facts.send(key=result.fact_key, value=result.fact)
            if watch.tick():
                await app.producer.flush()
                watch.report()
                os._exit(0)

    return app


def main() -> None:
    """`--servers`, `--prefix` of the topics, `--count`, `--partitions`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--partitions", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as data_dir:
        app = app_of(args.servers, args.prefix, args.count, args.partitions, data_dir)
        run(app)


if __name__ == "__main__":
    main()
