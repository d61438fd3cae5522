"""Calls at a steady rate, open loop, to the built-in mock of a process; and what its tree has used.

A call that is due is made whether those before it have been answered or not.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from tests.bench.cpu import cpu_s_of

PATH = "/mock/v1/chat/completions"


class RefusedError(Exception):
    """An answer that is not 200, with its text."""


def body_of(model: str, size: int = 1000) -> dict[str, object]:
    """A request of about so many bytes."""
    return {"model": model, "messages": [{"role": "user", "content": "x" * size}]}


async def call(
    session: aiohttp.ClientSession, url: str, user: str, *, model: str, delay_ms: int = 0
) -> tuple[str, float, float]:
    """One exchange: its id, how long it took in milliseconds, and when it had ended.

    Raises: RefusedError.
    """
    headers = {"Tailrace-User-Id": user, "x-mock-delay-ms": str(delay_ms)}
    began_s = time.perf_counter()
    async with session.post(url + PATH, json=body_of(model), headers=headers) as answer:
        text = await answer.text()
        if answer.status != 200:
            raise RefusedError(text)
        ended_s = time.perf_counter()
        return answer.headers["tailrace-request-id"], (ended_s - began_s) * 1000, ended_s


async def at_rate(rate: float, seconds: float, made: Callable[[int], Awaitable[None]]) -> float:
    """Begin `made(number)` so many times a second; how late the last one began, in seconds."""
    began_s, late_s = time.perf_counter(), 0.0
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            late_s = time.perf_counter() - (began_s + number / rate)
            if late_s < 0:
                await asyncio.sleep(-late_s)
            elif number % 20 == 0:
                await asyncio.sleep(0)
            group.create_task(made(number))
    return max(0.0, late_s)


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(each.parent.name)] = int(each.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def tree_cpu_s(pid: int) -> float:
    """Processor time of a process and all below it that still run."""
    total_s = 0.0
    for each in tree(pid):
        try:
            total_s += cpu_s_of(each)
        except OSError:
            continue
    return total_s
