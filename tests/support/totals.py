"""Holding a worker's live tables against a ledger of what was sent."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

from tests.support.exchanges import Ledger, comparable
from tests.support.processes import Process


async def answer_of(worker: Process, user: str) -> dict[str, Any] | None:
    """The comparable part of a user's live row; None for an honest 404 or 503."""
    status, answer = await worker.get(f"/api/v1/users/{quote(user, safe='')}")
    if status in (404, 503, -1):
        return None
    assert status == 200, (status, answer)
    return comparable(answer)


async def requests_counted(worker: Process) -> int:
    """How many exchanges the live tables hold in all; 0 while they can't be asked."""
    status, answer = await worker.get("/api/v1/users?sort=requests&limit=1000")
    return sum(item["requests"] for item in answer["items"]) if status == 200 else 0


async def until_counted(worker: Process, count: int, timeout_s: float = 90) -> None:
    """Wait until the live tables hold `count` exchanges; more of them fails at once."""
    deadline = time.monotonic() + timeout_s
    counted = -1
    while time.monotonic() < deadline:
        counted = await requests_counted(worker)
        assert counted <= count, f"{counted} counted, {count} sent"
        if counted == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{counted} of {count} after {timeout_s} s\n{worker.tail()}")


async def assert_exact(worker: Process, ledger: Ledger) -> None:
    """Every user's row is what the ledger expects, to the token and the nano-dollar."""
    for user in ledger.users():
        assert await answer_of(worker, user) == ledger.expected(user), user
