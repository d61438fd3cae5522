"""Calls through a real proxy, and a ledger of the ids that came back."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from tests.support.processes import Process

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}


@dataclass
class Calls:
    """What was answered: request ids in all, and how many of each user."""

    ids: set[str] = field(default_factory=set)
    users: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0

    async def make(self, proxy: Process, count: int, *, users: int = 5, pause_s: float = 0) -> None:
        """So many calls one after the other, to the mock provider; each must succeed."""
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession() as session:
            for number in range(count):
                user = f"user-{number % users}"
                began_s = loop.time()
                async with session.post(
                    f"{proxy.url}/mock/v1/chat/completions",
                    json=BODY,
                    headers={"Tailrace-User-Id": user},
                ) as reply:
                    assert reply.status == 200, await reply.text()
                    await reply.read()
                self.slowest_s = max(self.slowest_s, loop.time() - began_s)
                self.ids.add(reply.headers["tailrace-request-id"])
                self.users[user] += 1
                await asyncio.sleep(pause_s)


async def metric(process: Process, name: str, **labels: str) -> float:
    """The value of one of a process's metrics; 0 where it is not there."""
    _, text = await process.get("/metrics")
    wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
    line = f"tailrace_{name}{{{wanted}}}" if wanted else f"tailrace_{name}"
    for each in str(text).splitlines():
        if each.startswith(line + " "):
            return float(each.rpartition(" ")[2])
    return 0.0


async def until_publishing(process: Process, *states: str, timeout_s: float = 60) -> None:
    """Wait until the publisher is in one of these states."""
    found = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                _, answer = await process.get("/health/ready")
                found = answer["parts"]["publisher"] if isinstance(answer, dict) else answer
                if found in states:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{found}, not {states}\n{process.tail()}") from None
