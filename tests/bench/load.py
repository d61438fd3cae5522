"""The load of the relay's benchmarks, cheap enough to share a machine with what it measures."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

BODY = orjson.dumps(
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * 950}], "user": "alice"}
)

LOOK_S, QUIET = 0.1, 0.1
HEAD_BYTES = 600
"""No relay's head is longer; a body says no `chunked`."""


def request(path: str, body: bytes = BODY, more: bytes = b"") -> bytes:
    """A call as an SDK would make it; `more` lines of its head."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer sk-test\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    ).encode() + b"%b\r\n%b" % (more, body)


def is_whole(answer: bytes | bytearray) -> bool:
    """Whether this ends an answer, which is an object in JSON or comes in chunks."""
    if answer.endswith(b"\r\n0\r\n\r\n"):
        return True
    return answer.endswith(b"}") and b"chunked" not in answer[:HEAD_BYTES].lower()


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, until the budget is spent."""

    def __init__(self, request: bytes, budget: list[int]) -> None:
        self._request, self._budget = request, budget
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport: Any = transport
        self._read = bytearray()
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again once all of the answer is there."""
        self._read += data
        if is_whole(self._read):
            assert self._read.startswith(b"HTTP/1.1 200"), self._read[:200]
            self._read.clear()
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


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a slice: CPU microseconds for each request, and requests a second where they count."""

    cpu_us: float
    per_s: float | None


async def callers(port: int, made: Callable[[], Caller], count: int) -> float:
    """So many connections at once; the seconds until each has ended.

    Returns once what they left is published.
    """
    loop, began_s = asyncio.get_running_loop(), time.perf_counter()
    pairs = [await loop.create_connection(made, "127.0.0.1", port) for _ in range(count)]
    await asyncio.gather(*(caller.ended for _, caller in pairs))
    took_s = time.perf_counter() - began_s
    # What is recorded is published a little later, and belongs to the cost.
    await asyncio.sleep(0.3)
    return took_s


async def until_quiet(pid: int) -> None:
    """Wait for what is still being published, as many megabytes are: until it hardly computes."""
    async with asyncio.timeout(30):
        before_s = cpu_s(pid)
        while True:
            await asyncio.sleep(LOOK_S)
            if (now_s := cpu_s(pid)) - before_s < QUIET * LOOK_S:
                return
            before_s = now_s


async def cost(port: int, path: str, pid: int, requests: int, connections: int) -> Cost:
    """What a slice of many requests costs the process."""
    budget, asked = [requests], request(path)
    before_s = cpu_s(pid)
    took_s = await callers(port, lambda: Caller(asked, budget), connections)
    await until_quiet(pid)
    return Cost((cpu_s(pid) - before_s) / requests * 1e6, requests / took_s)


async def chunk_us(
    port: int, path: str, pid: int, streams: int, chunks: int, times: int = 1
) -> float:
    """CPU microseconds of the process for each chunk of so many streams open at once, each of them
    so many times after one another."""
    body = orjson.dumps({"model": "gpt-4o-mini", "stream": True, "messages": []})
    budget, asked = [streams * times], request(path, body)
    before_s = cpu_s(pid)
    await callers(port, lambda: Caller(asked, budget), streams)
    return (cpu_s(pid) - before_s) / (streams * times * chunks) * 1e6
