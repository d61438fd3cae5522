"""It adds up: through outages, kills and sampling; and where it does not, that is said."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from app.accounting.counts import Counts
from app.clock import minute_of
from app.record.topics import Topics
from tests.chaos.load import Load
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.relayed import Calls, until_publishing

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]


def process(broker: KafkaBroker, data_dir: Path, **settings: Any) -> Process:
    given = {
        "role": "all",
        "kafka__bootstrap_servers": broker.bootstrap_servers,
        "kafka__partitions": 2,
        "kafka__session_timeout_s": 6,
    }
    return Process(data_dir, **{**given, **settings})


async def reconciled(asked: Process, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of the command."""
    done = await asyncio.to_thread(asked.run, "reconcile", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def total(answer: dict[str, Any], name: str) -> int:
    return sum(line[name] for line in answer["lines"])


async def until_adding_up(asked: Process, proxied: int) -> dict[str, Any]:
    """With no grace: nothing may be under way any more."""
    for _ in range(20):
        code, answer = await reconciled(asked, "--grace", "0s")
        if code == 0 and total(answer, "proxied") == proxied and not total(answer, "in_flight"):
            return answer
        await asyncio.sleep(1)
    raise AssertionError(json.dumps(answer, indent=1))


async def test_through_an_outage_and_with_samples(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """Spilled and replayed, some left out by choice: every one of them ends somewhere."""
    both = process(own_kafka_broker, tmp_path / "w", sample__rate=0.5)
    calls = Calls()
    try:
        await both.start().until_ready()
        await calls.make(both, 100)
        own_kafka_broker.kill()
        await calls.make(both, 100)
        await until_publishing(both, "spilling")
        await asyncio.to_thread(own_kafka_broker.start)
        await until_publishing(both, "direct")
        answer = await until_adding_up(both, 200)
        assert 50 < total(answer, "sampled_out") < 150
        assert total(answer, "metered") == 200 - total(answer, "sampled_out")
        forged = Counts(
            producer_id="forger",
            tenant="default",
            minute=minute_of(moment(answer)),
            proxied=3,
            durable=3,
            last_sequence=9,
        )
        await tell(own_kafka_broker, forged)
        code, answer = await reconciled(both, "--grace", "0s")
        assert (code, total(answer, "missing")) == (1, 3)
        assert answer["gaps"] == [{"producer_id": "forger", "first": 7, "last": 9}]
        beyond = await asyncio.to_thread(both.run, "reconcile", "--since", "10d")
        assert (beyond.returncode, beyond.stdout) == (2, "")
        assert f"--since 10d: {Topics().facts} keeps what it is given for 7d" in beyond.stderr
    finally:
        both.kill()


def moment(answer: dict[str, Any]) -> float:
    """The last minute of an answer, as a time."""
    return datetime.fromisoformat(answer["lines"][-1]["minute"]).timestamp()


async def tell(broker: KafkaBroker, counts: Counts) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(Topics().counts, counts.encode(), key=counts.key)
    await producer.stop()


async def test_what_a_killed_proxy_took_with_it_is_counted(
    own_kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    """SIGKILL under load, several times; the next start reports each."""
    both = process(own_kafka_broker, tmp_path / "w")
    try:
        await both.start().until_ready()
        async with Load(lambda: both.url, 100).on():
            for _ in range(3):
                await asyncio.sleep(2)
                both.kill()
                await both.start().until_ready()
        for _ in range(30):
            code, answer = await reconciled(both, "--grace", "0s")
            if code == 0 and not total(answer, "in_flight"):
                break
            await asyncio.sleep(1)
        assert code == 0, json.dumps(answer, indent=1)
        killed = sum(line["dropped"].get("killed", 0) for line in answer["lines"])
        assert total(answer, "proxied") == total(answer, "metered") + killed
        assert not list((tmp_path / "w" / "accounts").glob("*.counts"))[1:]
    finally:
        both.kill()
