"""What an exchange with a body of 1 MB holds in memory while its client reads slowly.

    python -m tests.bench.large [--exchanges N]

A process in role `proxy` that keeps copies of at most 64 KB. Its upstream sends 1 MB each to so
many clients at once, which stop reading for a while in the middle. The growth of resident memory
over what it was after a first such round, for each exchange, less the copy's limit. Exits 1 above
512 KB.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import orjson

from app.record.topics import Topics
from tests.bench.load import request
from tests.bench.paired import keep
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process

BODY_BYTES, COPY_BYTES = 1_000_000, 64 << 10
MUST_KB = 512.0
LOOK_S, PAUSE_S, FIRST_BYTES = 0.05, 3.0, 200_000
PATH = "/canned/v1/chat/completions"
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES
)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The upstream: a body of 1 MB to each request."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            writer.write(HEAD)
            text = b'{"a":"' + b"x" * (BODY_BYTES - 8) + b'"}'
            for start in range(0, BODY_BYTES, 16 << 10):
                writer.write(text[start : start + (16 << 10)])
                await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()


async def read_slowly(port: int, pause_s: float) -> None:
    """A client that reads some, waits, and reads the rest."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=64 << 10)
    writer.write(request(PATH))
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(FIRST_BYTES)
    await asyncio.sleep(pause_s)
    await reader.readexactly(BODY_BYTES - FIRST_BYTES)
    writer.close()


async def peak_mb(process: Process, exchanges: int) -> float:
    """The most it held while so many were in flight."""
    peak = 0.0

    async def look() -> None:
        nonlocal peak
        while True:
            peak = max(peak, process.rss_mb())
            await asyncio.sleep(LOOK_S)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(read_slowly(process.port, PAUSE_S) for _ in range(exchanges)))
    looking.cancel()
    return peak


async def measured(root: Path, broker: KafkaBroker, exchanges: int) -> dict[str, float]:
    """Memory before and in flight."""
    await broker.create_topics(Topics().specs())
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    process = Process(
        root / "proxy",
        role="proxy",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        capture__max_body_bytes=COPY_BYTES,
        upstreams=orjson.dumps({"canned": {"base_url": url, "dialect": "openai"}}).decode(),
    )
    try:
        await process.start().until_ready()
        idle_mb = process.rss_mb()
        await peak_mb(process, 4)
        before_mb = process.rss_mb()
        in_flight_mb = await peak_mb(process, exchanges)
    finally:
        process.kill()
        server.close()
    each_kb = (in_flight_mb - before_mb) * 1000 / exchanges - COPY_BYTES / 1000
    return {
        "idle_mb": idle_mb,
        "before_mb": before_mb,
        "in_flight_mb": in_flight_mb,
        "exchanges": exchanges,
        "beyond_the_copy_kb": each_kb,
    }


def main() -> int:
    """Measure, print, keep; 1 if the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=100)
    with (
        tempfile.TemporaryDirectory() as directory,
        KafkaBroker.running(Path(directory) / "kafka") as broker,
    ):
        figures = asyncio.run(measured(Path(directory), broker, parser.parse_args().exchanges))
    print(figures)
    keep("large", figures)
    return 0 if figures["beyond_the_copy_kb"] <= MUST_KB else 1


if __name__ == "__main__":
    sys.exit(main())
