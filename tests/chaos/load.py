"""Calls at a fixed rate, whatever becomes of them, and a ledger of those that were answered."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello " * 100}]}
WINDOW_S = 5.0
FEWEST = 20


class Load:
    """`ids` are the exchanges that were answered, by user; a call that failed is none of them."""

    def __init__(self, url: Callable[[], str], rate_per_s: float, users: int = 20) -> None:
        self._url = url
        self._rate_per_s = rate_per_s
        self._users = users
        self.ids: dict[str, str] = {}
        self.failed: Counter[str] = Counter()
        self.latencies: list[tuple[float, float]] = []

    @property
    def users(self) -> Counter[str]:
        """How many of each user were answered."""
        return Counter(self.ids.values())

    @property
    def worst_p99_ms(self) -> float:
        """The worst of all windows that hold enough calls."""
        windows: dict[int, list[float]] = {}
        for began_s, took_s in self.latencies:
            windows.setdefault(int(began_s / WINDOW_S), []).append(took_s)
        tops = [
            sorted(each)[int(len(each) * 0.99)] for each in windows.values() if len(each) >= FEWEST
        ]
        return max(tops, default=0.0) * 1000

    @asynccontextmanager
    async def on(self) -> AsyncIterator["Load"]:
        """Calls go on until the block ends; then those under way are waited for."""
        calls: set[asyncio.Task[None]] = set()
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            pacing = asyncio.create_task(self._pace(session, calls))
            try:
                yield self
            finally:
                pacing.cancel()
                await asyncio.wait([pacing, *calls])

    async def _pace(self, session: aiohttp.ClientSession, calls: set[asyncio.Task[None]]) -> None:
        began_s, number = time.monotonic(), 0
        while True:
            due_s = began_s + number / self._rate_per_s
            if (wait_s := due_s - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            call = asyncio.create_task(self._call(session, f"user-{number % self._users}"))
            calls.add(call)
            call.add_done_callback(calls.discard)
            number += 1

    async def _call(self, session: aiohttp.ClientSession, user: str) -> None:
        began_s = time.monotonic()
        try:
            async with session.post(
                f"{self._url()}/mock/v1/chat/completions",
                json=BODY,
                headers={"Tailrace-User-Id": user},
            ) as reply:
                await reply.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.failed[type(error).__name__] += 1
            return
        if reply.status != 200:
            self.failed[str(reply.status)] += 1
            return
        self.latencies.append((began_s, time.monotonic() - began_s))
        self.ids[reply.headers["tailrace-request-id"]] = user
