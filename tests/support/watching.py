"""Asking workers for users all the time, and noting how long nobody could answer."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp

from tests.support.processes import Process
from tests.support.truth import Truth

TIMEOUT_S = 10.0
PAUSE_S = 0.02
POLL_S = 0.2


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, nearest rank; 0 of nothing."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))] if ranked else 0.0


class Watch:
    """Every answer goes before the `Truth`; `outages_s` are those of exact reads of one user."""

    def __init__(self, truth: Truth, up: Callable[[], Sequence[Process]]) -> None:
        """`up` are the workers that a load balancer would send to now."""
        self.truth = truth
        self._up = up
        self.outages_s: list[float] = []
        self.stale_took_s: list[float] = []
        self.stale_missed: list[str] = []

    @asynccontextmanager
    async def on(self, users: Sequence[str], probed: Sequence[str]) -> AsyncIterator["Watch"]:
        """Ask for any of `users` at random, and steadily for each of `probed`."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            asking = [self._any(session, users, seed) for seed in range(2)]
            asking += [self._steadily(session, user) for user in probed]
            tasks = [asyncio.create_task(each) for each in asking]
            try:
                yield self
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
        for each in ended:
            if not isinstance(each, asyncio.CancelledError):
                raise AssertionError("a watcher ended") from (
                    each if isinstance(each, BaseException) else None
                )

    async def _any(self, session: aiohttp.ClientSession, users: Sequence[str], seed: int) -> None:
        chance = random.Random(seed)
        while True:
            await asyncio.sleep(PAUSE_S)
            if up := self._up():
                worker, user = chance.choice(up), chance.choice(users)
                await self._ask(session, worker, user, stale=chance.random() < 0.3)

    async def _steadily(self, session: aiohttp.ClientSession, user: str) -> None:
        chance, down_since_s = random.Random(user), 0.0
        is_known = False
        while True:
            await asyncio.sleep(POLL_S)
            if not (up := self._up()):
                continue
            asked_s = time.monotonic()
            status = await self._ask(session, chance.choice(up), user)
            is_known = is_known or status == 200
            if status == 200 and down_since_s:
                self.outages_s.append(time.monotonic() - down_since_s)
                down_since_s = 0.0
            elif status != 200 and not down_since_s and is_known:
                down_since_s = asked_s
            if is_known:
                await self._ask_stale(session, chance.choice(up), user)

    async def _ask_stale(self, session: aiohttp.ClientSession, worker: Process, user: str) -> None:
        asked_s = time.monotonic()
        status = await self._ask(session, worker, user, stale=True)
        # One that was stopped meanwhile was not to be asked.
        if worker in self._up():
            self.stale_took_s.append(time.monotonic() - asked_s)
            if status != 200:
                self.stale_missed.append(f"{user}: {status}")

    async def _ask(
        self, session: aiohttp.ClientSession, worker: Process, user: str, *, stale: bool = False
    ) -> int:
        asked_s = time.monotonic()
        status, answer = await _get(session, worker, user, "?stale=ok" if stale else "")
        self.truth.judge(user, asked_s, status, answer)
        return status


async def _get(
    session: aiohttp.ClientSession, worker: Process, user: str, query: str
) -> tuple[int, Any]:
    url = f"{worker.url}/api/v1/users/{quote(user, safe='')}{query}"
    try:
        async with session.get(url) as response:
            return response.status, await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        return -1, repr(error)


def one_of_each(users: Sequence[str], of: Callable[[str], int]) -> list[str]:
    """The first user of each partition."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for user in users:
        found[of(user)].append(user)
    return [each[0] for _, each in sorted(found.items())]
