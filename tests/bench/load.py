"""The load of the relay's benchmarks, cheap enough to share a machine with what it measures."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

BODY = orjson.dumps(
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * 950}], "user": "alice"}
)


def request(path: str, body: bytes = BODY, more: bytes = b"") -> bytes:
    """A call as an SDK would make it; `more` lines of its head."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer sk-test\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    ).encode() + b"%b\r\n%b" % (more, body)


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, until the budget is spent."""

    def __init__(self, request: bytes, budget: list[int]) -> None:
        self._request, self._budget = request, budget
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport: Any = transport
        self._read = b""
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again once all of the answer is there."""
        self._read += data
        if self._read.endswith(b"}") or self._read.endswith(b"0\r\n\r\n"):
            assert self._read.startswith(b"HTTP/1.1 200"), self._read[:200]
            self._read = b""
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Too early: nobody may take that for an end."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("closed before the last answer"))

    def _ask(self) -> None:
        if self._budget[0] == 0:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._budget[0] -= 1
        self._transport.write(self._request)


def cpu_s(pid: int) -> float:
    """Time on a processor of a process' threads; in nanoseconds, where /proc/…/stat has ticks."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


async def callers(port: int, made: Callable[[], Caller], count: int) -> None:
    """So many connections at once, until each has ended, and what they left is published."""
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(made, "127.0.0.1", port) for _ in range(count)]
    await asyncio.gather(*(caller.ended for _, caller in pairs))
    # What is recorded is published a little later, and belongs to the cost.
    await asyncio.sleep(0.3)


async def cpu_us(
    port: int, path: str, pid: int, requests: int, connections: int, body: bytes = BODY
) -> float:
    """CPU microseconds of the process for each of many requests."""
    budget, asked = [requests], request(path, body)
    before_s = cpu_s(pid)
    await callers(port, lambda: Caller(asked, budget), connections)
    return (cpu_s(pid) - before_s) / requests * 1e6


async def chunk_us(port: int, path: str, pid: int, streams: int, chunks: int) -> float:
    """CPU microseconds of the process for each chunk of so many streams at the same time."""
    body = orjson.dumps({"model": "gpt-4o-mini", "stream": True, "messages": []})
    budget, asked = [streams], request(path, body)
    before_s = cpu_s(pid)
    await callers(port, lambda: Caller(asked, budget), streams)
    return (cpu_s(pid) - before_s) / (streams * chunks) * 1e6
