"""The load of `tests.bench.tails`, in processes of its own: exchanges by the second, open tails.

    python -m tests.bench.tail_load feed <bootstrap servers> <prefix> <per second>
    python -m tests.bench.tail_load tails <port> <count>     then "open" and "close" on its input

Every tenth tail never reads what it is sent.
"""

import asyncio
import itertools
import sys
import time
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from app.ids import RandomIds
from app.record.codec import encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from tests.support.exchanges import exchanges

TURN_S = 0.02
DEAF_EVERY = 10


async def feed(bootstrap_servers: str, prefix: str, per_s: int) -> None:
    """Records of fresh exchanges at a steady rate, until killed."""
    now = datetime.now(UTC)
    topic, ids = Topics(prefix).exchanges, RandomIds()
    models = [(each, encode_record(each)) for each in exchanges(1, 500, started_at=now)]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, linger_ms=5)
    await producer.start()
    sent, began_s = 0, time.monotonic()
    for turn in itertools.count(1):
        await asyncio.sleep(max(0.0, began_s + turn * TURN_S - time.monotonic()))
        for _ in range(int(turn * TURN_S * per_s) - sent):
            record, raw = models[sent % len(models)]
            request_id = ids.request_id()
            value = raw.replace(record.request_id.encode(), request_id.encode())
            key = exchange_key(record.tenant, record.user, request_id)
            await producer.send(topic, value, key=key)
            sent += 1


class Reading(asyncio.Protocol):
    """A tail that throws away what it reads, or reads nothing."""

    def __init__(self, deaf: bool) -> None:
        self._deaf = deaf
        self.read_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport: Any = transport
        self.transport.write(b"GET /api/v1/live HTTP/1.1\r\nHost: tails\r\n\r\n")
        if self._deaf:
            self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Throw it away."""
        self.read_bytes += len(data)


async def tails(port: int, count: int) -> None:
    """Open and close so many, as the lines of the input say; answers each with the bytes read."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    held: list[Reading] = []
    while line := await lines.readline():
        if line.strip() == b"open":
            for number in range(count):
                deaf = number % DEAF_EVERY == 0
                pair = await loop.create_connection(lambda d=deaf: Reading(d), "127.0.0.1", port)  # type: ignore[misc]
                held.append(pair[1])
        else:
            for each in held:
                each.transport.abort()
        print(sum(each.read_bytes for each in held), flush=True)
        if line.strip() != b"open":
            held.clear()


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "feed":
        asyncio.run(feed(given[0], given[1], int(given[2])))
    else:
        asyncio.run(tails(int(given[0]), int(given[1])))
