"""Holding the analytics of a worker against a ledger, and reading facts again."""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any

from app.record.topics import Topics
from tests.support.exchanges import SUMS, Ledger
from tests.support.kafka import KafkaBroker
from tests.support.offsets import read_again
from tests.support.processes import Process

EVERYTHING = "from=1970-01-02&to=2298-01-01"
PATIENCE_S = 60.0


async def totals_by_user(worker: Process) -> dict[str, dict[str, Any]] | None:
    """What analytics adds up for each user; None while it cannot be asked."""
    path = f"/api/v1/stats?group_by=user&limit=10000&{EVERYTHING}"
    status, answer = await worker.get(path)
    if status in {503, -1}:
        return None
    assert status == 200, (status, answer)
    assert not answer["truncated"]
    return {group["key"]["user"]: group for group in answer["groups"]}


async def until_analysed(worker: Process, count: int, timeout_s: float = PATIENCE_S) -> None:
    """Wait until analytics holds so many exchanges; more of them fails at once."""
    deadline = time.monotonic() + timeout_s
    found = -1
    while time.monotonic() < deadline:
        groups = await totals_by_user(worker)
        found = -1 if groups is None else sum(each["requests"] for each in groups.values())
        assert found <= count, f"{found} analysed, {count} sent"
        if found == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{found} of {count} after {timeout_s} s\n{worker.tail()}")


async def assert_analysed(worker: Process, ledger: Ledger) -> None:
    """Every user's sums are what the ledger expects, to the token and the nano-dollar."""
    groups = await totals_by_user(worker)
    assert groups is not None
    expected = {user: sums_of(ledger.expected(user)) for user in ledger.users()}
    assert {user: sums_of(group) for user, group in groups.items()} == expected


def sums_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The sums that live tables, analytics and ledger have in common."""
    return {name: answer[name] for name in SUMS}


async def rows_written(worker: Process) -> int:
    """How many rows this process has inserted since its start, those written again included."""
    _, text = await worker.get("/metrics")
    found = re.search(r'sink_writes_total\{sink="analytics",verdict="done"\} (\S+)', str(text))
    return 0 if found is None else int(float(found[1]))


async def until_written(worker: Process, count: int, timeout_s: float = PATIENCE_S) -> None:
    """Wait until this process has inserted so many rows."""
    async with asyncio.timeout(timeout_s):
        while await rows_written(worker) < count:
            await asyncio.sleep(0.02)


async def read_facts_again(broker: KafkaBroker, prefix: str, partitions: int = 4) -> None:
    """Have the stopped workers of a deployment begin with the first fact again."""
    await read_again(broker.bootstrap_servers, prefix, [Topics(prefix).facts], partitions)
