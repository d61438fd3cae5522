"""Webhooks on a real broker: each exchange once and signed, whatever fails in between."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app.record.codec import decode_dead_letter
from app.record.model import Record
from app.record.topics import Topics
from app.webhooks.signing import webhook_id
from tests.support.consume import consume_all
from tests.support.exchanges import exchanges
from tests.support.hooks import SECRET_KEY, Hooks, Receiver, receiving
from tests.support.kafka import KafkaBroker
from tests.support.offsets import read_again
from tests.support.processes import Process
from tests.support.produce import produce

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]
SCHEDULE = "0.5,0.5,0.5,0.5,0.5,0.5"


class Rig:
    """One worker on the real broker."""

    def __init__(self, broker: KafkaBroker, prefix: str, root: Path, **settings: Any) -> None:
        self.broker, self.prefix, self.topics = broker, prefix, Topics(prefix)
        told = {
            "role": "worker",
            "kafka__bootstrap_servers": broker.bootstrap_servers,
            "kafka__topic_prefix": prefix,
            "kafka__partitions": 2,
            "kafka__session_timeout_s": 6,
            "webhooks__secret_key": SECRET_KEY,
            "webhooks__allow_private": "true",
            "webhooks__allow_http": "true",
            "webhooks__schedule_s": SCHEDULE,
        }
        self.worker = Process(root / "worker", **(told | settings))
        self.hooks = Hooks(self.worker)

    async def send(self, count: int, seed: int = 7) -> list[Record]:
        """Exchanges of now."""
        now = {"produced_at": datetime.now(UTC)}
        made = [
            each.model_copy(update=now)
            for each in exchanges(seed, count, started_at=datetime.now(UTC))
        ]
        await produce(self.broker.bootstrap_servers, made, prefix=self.prefix)
        return made

    async def read_again(self, *topics: str) -> None:
        """Have the stopped worker read topics from their start."""
        await read_again(self.broker.bootstrap_servers, self.prefix, topics, 2)

    async def metric(self, name: str, **labels: str) -> float:
        """A metric of the worker."""
        _, text = await self.worker.get("/metrics")
        wanted = "".join(f'{key}="{value}"' for key, value in labels.items())
        start = f"tailrace_{name}{{{wanted}}}" if labels else f"tailrace_{name}"
        lines = [line for line in str(text).splitlines() if line.startswith(f"{start} ")]
        return float(lines[0].split()[-1]) if lines else 0.0


@pytest.fixture
def rig(kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(kafka_broker, topic_prefix, tmp_path)
    yield made
    if made.worker.popen is not None:
        made.worker.kill()


@pytest.fixture
async def ready(rig: Rig) -> Rig:
    """With its worker running."""
    await rig.worker.start().until_ready()
    return rig


def ids_of(records: list[Record], endpoint: dict[str, Any]) -> set[str]:
    return {webhook_id(each.tenant, each.request_id, endpoint["endpoint_id"]) for each in records}


async def test_each_that_matches_once_and_nothing_again_after_a_replay(ready: Rig) -> None:
    async with receiving() as every, receiving() as some:
        one = await ready.hooks.create(every.url)
        filters = {"outcomes": ["completed"], "users": ["user-003", "user-004"]}
        two = await ready.hooks.create(some.url, filters=filters)
        records = await ready.send(600)
        matching = [
            each
            for each in records
            if each.outcome == "completed" and each.user in ("user-003", "user-004")
        ]
        assert 10 < len(matching) < 300
        await every.until(len(records))
        await some.until(len(matching))
        assert set(every.times) == ids_of(records, one)
        assert set(some.times) == ids_of(matching, two)
        every.verify_all(one["secret"])
        some.verify_all(two["secret"])
        await asyncio.sleep(2)
        ready.worker.stop()
        late = await replayed(ready)
        assert set(every.times.values()) == {1}
        assert set(some.times.values()) == {1}
        assert late.calls == []


async def replayed(rig: Rig) -> Receiver:
    """`exchanges` and `deliveries` read again from 0; a receiver that is younger than all."""
    await rig.read_again(rig.topics.exchanges, rig.topics.deliveries)
    await rig.worker.start().until_ready()
    async with receiving() as late:
        await rig.hooks.create(late.url)
        deadline = time.monotonic() + 30
        while await rig.metric("metered_total", verdict="repeated") < 600:
            assert time.monotonic() < deadline, rig.worker.tail()
            await asyncio.sleep(0.1)
        while await rig.metric("webhook_deliveries_total", result="repeated") < 600:
            assert time.monotonic() < deadline, rig.worker.tail()
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        return late


async def test_an_endpoint_that_fails_for_a_while_gets_all_of_it_then(ready: Rig) -> None:
    async with receiving() as receiver:
        receiver.answer = receiver.always(503)
        made = await ready.hooks.create(receiver.url)
        records = await ready.send(200)
        await asyncio.sleep(3)
        receiver.calls.clear()
        receiver.answer = None
        await receiver.until(len(records))
        assert set(receiver.times) == ids_of(records, made)
        assert set(receiver.times.values()) == {1}
        receiver.verify_all(made["secret"])


async def test_one_that_hangs_delays_no_other(ready: Rig) -> None:
    """Many endpoints over two partitions: those that hang share them with those that do not."""
    async with receiving() as hanging, receiving() as quick:
        hanging.answer = hanging.hang
        for _ in range(4):
            await ready.hooks.create(hanging.url)
        for _ in range(4):
            await ready.hooks.create(quick.url)
        records = await ready.send(500)
        await quick.until(4 * len(records), 25)
        assert hanging.calls
        assert set(quick.times.values()) == {1}


async def test_sigkill_under_load_loses_none(rig: Rig) -> None:
    async with receiving() as receiver:
        await rig.worker.start().until_ready()
        made = await rig.hooks.create(receiver.url)
        sending = asyncio.create_task(rig.send(1500))
        for share in (200, 700):
            await receiver.until(share)
            rig.worker.kill()
            await rig.worker.start().until_ready()
        records = await sending
        await receiver.until(len(records))
        assert set(receiver.times) == ids_of(records, made)
        assert max(receiver.times.values()) <= 3
        receiver.verify_all(made["secret"])


async def test_410_disables_and_a_replay_brings_back_what_was_dropped(ready: Rig) -> None:
    async with receiving() as receiver:
        receiver.answer = receiver.always(410)
        made = await ready.hooks.create(receiver.url)
        path = f"/{made['endpoint_id']}"
        began = datetime.now(UTC)
        records = await ready.send(5)
        await receiver.until(1)
        while (await ready.hooks.call("GET", path))[1]["enabled"]:
            await asyncio.sleep(0.05)
        receiver.calls.clear()
        receiver.answer = None
        assert (await ready.hooks.call("POST", f"{path}/replay", {"from": began.isoformat()}))[
            0
        ] == 409
        assert (await ready.hooks.call("PATCH", path, {"enabled": True}))[0] == 200
        while await ready.metric("metered_total", verdict="counted") < 5:
            await asyncio.sleep(0.05)
        status, answer = await ready.hooks.call(
            "POST", f"{path}/replay", {"from": began.isoformat()}
        )
        assert (status, answer["queued"]) == (202, 5)
        await receiver.until(5)
        assert set(receiver.times) == ids_of(records, made)
        asked = {"request_ids": [records[0].request_id, "00000000-0000-7000-8000-000000000000"]}
        status, answer = await ready.hooks.call("POST", f"{path}/replay", asked)
        assert (answer["queued"], answer["unknown_ids"]) == (1, asked["request_ids"][1:])
        one = ids_of(records[:1], made).pop()
        while receiver.times[one] < 2:
            await asyncio.sleep(0.05)
        status, log = await ready.hooks.call("GET", f"{path}/deliveries?limit=500")
        results = {(line["kind"], line["result"]) for line in log["items"]}
        assert {("exchange", "gone"), ("replay", "delivered")} <= results


async def test_out_of_attempts_it_is_a_dead_letter(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    rig = Rig(kafka_broker, topic_prefix, tmp_path, webhooks__attempts=3)
    await rig.worker.start().until_ready()
    try:
        async with receiving() as receiver:
            receiver.answer = receiver.always(500)
            await rig.hooks.create(receiver.url)
            await rig.send(1)
            while await rig.metric("webhook_deliveries_total", result="exhausted") < 1:
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            assert list(receiver.times.values()) == [3]
            (message,) = await consume_all(kafka_broker.bootstrap_servers, rig.topics.dead_letters)
            letter = decode_dead_letter(message.value)
            assert (letter.reason, letter.stage) == ("attempts_exhausted", "deliver")
            assert "HTTP 500" in letter.detail
    finally:
        rig.worker.kill()


async def test_an_answer_without_an_end_counts_by_its_status(ready: Rig) -> None:
    async with receiving() as receiver:

        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while not receiver.is_closing.is_set():
                await response.write(b"x" * 1000)
                await asyncio.sleep(0.01)
            return response

        receiver.answer = endless
        await ready.hooks.create(receiver.url)
        records = await ready.send(20)
        await receiver.until(len(records))
        while await ready.metric("webhook_deliveries_total", result="delivered") < len(records):
            await asyncio.sleep(0.1)
        assert set(receiver.times.values()) == {1}
