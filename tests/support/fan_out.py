"""One deployment with every sink: broker, object store, analytics engine and webhook receivers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from app.record.topics import Topics
from app.webhooks.signing import webhook_id
from tests.support.analysed import sums_of, totals_by_user
from tests.support.analytics import EngineProcess
from tests.support.hooks import SECRET_KEY, Hooks, Receiver, receiving
from tests.support.kafka import KafkaBroker
from tests.support.mixed import Mixed, Sent
from tests.support.offsets import read_again
from tests.support.processes import Process
from tests.support.relayed import metric
from tests.support.seaweed import Seaweed

PARTITIONS = 4
SOME = ("user-1", "user-2")
OTHER_LIMITS = {"archive__batch_records": 37, "analytics__batch_records": 53}
AT_ONCE = 16
SCHEDULE = "0.5,1,1,2,2,4"


class FanOut:
    """A process in role `all`, what it was sent, and who is told of it."""

    def __init__(
        self, broker: KafkaBroker, seaweed: Seaweed, engine: EngineProcess, prefix: str, root: Path
    ) -> None:
        self.broker, self.prefix, self.topics = broker, prefix, Topics(prefix)
        self.settings: dict[str, Any] = {
            "kafka__bootstrap_servers": broker.bootstrap_servers,
            "kafka__topic_prefix": prefix,
            "kafka__partitions": PARTITIONS,
            "kafka__session_timeout_s": 6,
            "analytics__url": engine.url_of(prefix),
            "analytics__batch_age_s": 0.3,
            "archive__batch_age_s": 0.5,
            "s3__timeout_s": 5,
            "webhooks__secret_key": SECRET_KEY,
            "webhooks__allow_private": "true",
            "webhooks__allow_http": "true",
            "webhooks__schedule_s": SCHEDULE,
            "webhooks__attempts": 100,
            **seaweed.variables(),
        }
        self.process = Process(root / "process", **self.settings)
        self.mixed = Mixed(lambda: self.process.url)
        self.hooks = Hooks(self.process)

    async def restarted(self, **changes: Any) -> None:
        """The process anew, with other settings."""
        await asyncio.to_thread(self.process.stop)
        self.process.settings = self.settings | changes
        await self.process.start().until_ready()

    async def read_again(self, **changes: Any) -> None:
        """The process anew, after every topic was set back to its beginning."""
        await asyncio.to_thread(self.process.stop)
        topics = self.topics
        names = (topics.exchanges, topics.bodies, topics.facts, topics.deliveries)
        await read_again(self.broker.bootstrap_servers, self.prefix, names, PARTITIONS)
        self.process.settings = self.settings | changes
        await self.process.start().until_ready()
        while await metric(self.process, "metered_total", verdict="repeated") < len(
            self.mixed.calls
        ):
            await asyncio.sleep(0.1)

    # -- what became of it

    async def until_analysed(self, timeout_s: float = 120) -> None:
        """Every exchange is a row, and counted once."""
        count, deadline, found = len(self.mixed.calls), time.monotonic() + timeout_s, -1
        while found != count:
            assert time.monotonic() < deadline, f"{found} of {count} rows\n{self.process.tail()}"
            groups = await totals_by_user(self.process)
            found = sum(each["requests"] for each in groups.values()) if groups else -1
            assert found <= count, f"{found} rows of {count} exchanges"
            await asyncio.sleep(0.1)

    async def assert_totals(self) -> None:
        """Analytics and live tables add up to the same, user by user, and to what was sent."""
        groups = await totals_by_user(self.process)
        assert groups is not None
        assert {user: each["requests"] for user, each in groups.items()} == self.mixed.by_user
        for user, group in groups.items():
            status, live = await self.process.get(f"/api/v1/users/{user}")
            assert status == 200, live
            assert sums_of(group) == sums_of(live), user

    async def assert_bodies(self, timeout_s: float = 120) -> int:
        """Each side reads back to the byte, an omitted one not at all; how many sides do."""
        gate, deadline = asyncio.Semaphore(AT_ONCE), time.monotonic() + timeout_s
        async with aiohttp.ClientSession(auto_decompress=False) as session:

            async def one(call: Sent) -> int:
                async with gate:
                    for side, wanted in (("request", call.request), ("response", call.response)):
                        await self._assert_side(session, call, side, wanted, deadline)
                return (call.request is not None) + (call.response is not None)

            return sum(await asyncio.gather(*(one(call) for call in self.mixed.calls)))

    async def _assert_side(
        self,
        session: aiohttp.ClientSession,
        call: Sent,
        side: str,
        wanted: bytes | None,
        deadline: float,
    ) -> None:
        url = f"{self.process.url}/api/v1/exchanges/{call.request_id}/body?side={side}"
        while True:
            async with session.get(url) as answer:
                raw = await answer.read()
                if answer.status == 200:
                    assert raw == wanted, (call, side)
                    return
                may_come = answer.status == 503 or "Retry-After" in answer.headers
            if not may_come:
                assert (answer.status, wanted) == (404, None), (call, side, raw)
                assert b'"omitted"' in raw, (call, side, raw)
                return
            assert time.monotonic() < deadline, (call, side, raw)
            await asyncio.sleep(0.2)

    def assert_told(
        self, receiver: Receiver, endpoint: Mapping[str, Any], calls: Sequence[Sent]
    ) -> None:
        """These exchanges and no others arrived, each once by id, each verified as it came."""
        wanted = {webhook_id("default", call.request_id, endpoint["endpoint_id"]) for call in calls}
        assert set(receiver.times) == wanted
        again = {name: count for name, count in receiver.times.items() if count > 1}
        if again:
            arrived = [
                (call.at_s, call.webhook_id) for call in receiver.calls if call.webhook_id in again
            ]
            raise AssertionError(f"{len(again)} of {len(calls)} came again: {arrived[:20]}")
        assert receiver.secret == endpoint["secret"]


async def all_of_it(fan_out: FanOut, count: int) -> int:
    """Bodies to the byte, analytics equal to the live tables, each webhook once; then all again.

    How many sides of exchanges were read back each time.
    """
    async with receiving() as every, receiving() as some:
        one = await fan_out.hooks.create(every.url)
        every.secret = one["secret"]
        filters = {"users": list(SOME), "status_classes": ["2xx"]}
        two = await fan_out.hooks.create(some.url, filters=filters)
        some.secret = two["secret"]
        await fan_out.mixed.send(count)
        calls = fan_out.mixed.calls
        matching = [call for call in calls if call.user in SOME and call.status < 300]
        assert len(matching) > count // 20
        for limits in (None, OTHER_LIMITS):
            if limits is not None:
                await fan_out.read_again(**limits)
            await every.until(len(calls), 120)
            await some.until(len(matching), 120)
            await fan_out.until_analysed()
            await fan_out.assert_totals()
            sides = await fan_out.assert_bodies()
            await asyncio.sleep(1)
            fan_out.assert_told(every, one, calls)
            fan_out.assert_told(some, two, matching)
    return sides
