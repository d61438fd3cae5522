"""Broker and processes of a scenario, and what they made of what was sent."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from app.record.codec import decode_fact
from app.record.topics import Topics
from tests.chaos.row import OUT, Row
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import metric

TOKEN = "the-token-of-this-chaos"
PARTITIONS = 6
SETTLED_S = 20.0


class World:
    """What a scenario works with; processes are killed when it is over."""

    def __init__(self, root: Path, scale: float) -> None:
        """`scale` 1 is the long form; times of faults are multiplied with it."""
        self.root = root
        self.scale = scale
        self.broker = KafkaBroker(root / "kafka")
        self.topics = Topics()
        self.processes: list[Process] = []
        self.peak_rss_mb = 0.0

    def seconds(self, long_s: float, least_s: float = 4.0) -> float:
        """A time of the long form, in this form."""
        return max(least_s, long_s * self.scale)

    def process(self, name: str, **settings: Any) -> Process:
        """A process that is not started; its directory is its own."""
        given = {
            "kafka__bootstrap_servers": self.broker.bootstrap_servers,
            "kafka__partitions": PARTITIONS,
            "kafka__session_timeout_s": 6,
            "internal_token": TOKEN,
        }
        made = Process(self.root / name, **{**given, **settings})
        self.processes.append(made)
        return made

    async def ready(self, *processes: Process) -> None:
        """Start them, and wait until each serves."""
        for each in processes:
            each.start()
        for each in processes:
            await each.until_ready(120)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """A broker that runs, and somebody who looks at memory; all ended afterwards."""
        await asyncio.to_thread(self.broker.prepare)
        await asyncio.to_thread(self.broker.start)
        looking = asyncio.create_task(self._look())
        try:
            yield self
        except BaseException:
            self._keep_logs()
            raise
        finally:
            looking.cancel()
            for each in self.processes:
                if each.popen is not None:
                    each.kill()
            self.broker.kill()

    def _keep_logs(self) -> None:
        """Under build/chaos/, as the directory of a scenario goes with it."""
        OUT.mkdir(parents=True, exist_ok=True)
        for each in self.processes:
            if each.popen is not None:
                shutil.copy(each.log_path, OUT / each.log_path.name)

    async def _look(self) -> None:
        while True:
            for each in self.processes:
                with suppress(OSError, AssertionError, IndexError):
                    self.peak_rss_mb = max(self.peak_rss_mb, each.rss_mb())
            await asyncio.sleep(0.5)

    async def restarted(self) -> None:
        """The broker is there again."""
        await asyncio.to_thread(self.broker.start)

    # -- what became of it

    async def settle(self, asked: Process, ids: Mapping[str, str], timeout_s: float = 300) -> float:
        """Wait until as many are counted as were sent, or nothing moves; seconds it took."""
        began_s = moved_s = time.monotonic()
        before = -1
        while time.monotonic() - began_s < timeout_s:
            counted = await self.counted(asked)
            if counted >= len(ids) and not await self._spilled():
                break
            if counted != before:
                before, moved_s = counted, time.monotonic()
            elif time.monotonic() - moved_s > SETTLED_S:
                break
            await asyncio.sleep(0.2)
        took_s = time.monotonic() - began_s
        # Messages sent twice come last: give them the time to do harm.
        await asyncio.sleep(3)
        return took_s

    async def counted(self, asked: Process) -> int:
        """Exchanges in the live tables of all workers; -1 where they cannot be asked."""
        status, answer = await asked.get("/api/v1/users?sort=requests&limit=1000")
        if status != 200 or answer["missing_workers"]:
            return -1
        return sum(item["requests"] for item in answer["items"])

    async def _spilled(self) -> float:
        return sum([await metric(each, "spill_messages") for each in self.processes if each.popen])

    async def row(self, scenario: str, asked: Process, ids: Mapping[str, str], **more: Any) -> Row:
        """Hold the facts and the live tables against what was sent."""
        facts: dict[str, str] = {}
        for message in await consume_all(self.broker.bootstrap_servers, self.topics.facts):
            fact = decode_fact(message.value)
            facts[fact.record.request_id] = fact.record.user
        stored = len(facts.keys() & ids.keys())
        expected, found = Counter(facts.values()), Counter[str]()
        status, answer = await asked.get("/api/v1/users?sort=requests&limit=1000")
        assert status == 200, answer
        for item in answer["items"]:
            found[item["user"]] = item["requests"]
        uncounted = sum((expected - found).values())
        return Row(
            scenario,
            sent=len(ids),
            stored=stored - uncounted,
            duplicated=sum((found - expected).values()),
            lost=len(ids) - stored + uncounted,
            peak_rss_mb=self.peak_rss_mb,
            **more,
        )
