"""Dead letters of a real worker: shown, sent again, counted once; too many stop the agent."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.record.codec import decode_dead_letter, encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import REPO, Process
from tests.support.produce import produce, produce_raw
from tests.support.totals import assert_exact, requests_counted, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]


def worker(broker: KafkaBroker, prefix: str, data_dir: Path, **settings: Any) -> Process:
    """A worker whose agents stop early."""
    given = {
        "role": "worker",
        "kafka__bootstrap_servers": broker.bootstrap_servers,
        "kafka__topic_prefix": prefix,
        "kafka__partitions": 2,
        "kafka__session_timeout_s": 6,
        "dead_letters__least": 20,
        "engine__restart_backoff_max_s": 1,
    }
    return Process(data_dir, **{**given, **settings})


def dlq(process: Process, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the command, on the process's settings."""
    command = [sys.executable, "-m", "app", "dlq", *arguments]
    env = process.environ()
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


async def until_letters(broker: KafkaBroker, prefix: str, count: int) -> None:
    for _ in range(300):
        letters = await consume_all(broker.bootstrap_servers, Topics(prefix).dead_letters)
        if len(letters) >= count:
            assert len(letters) == count
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{len(letters)} of {count} letters")


async def test_shown_and_sent_again(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Too old for a worker that forgets early, counted by one that does not, once."""
    servers, topics, ledger = kafka_broker.bootstrap_servers, Topics(topic_prefix), Ledger()
    hasty = {"spill__max_age_s": 60, "dead_letters__max_replay_age_s": 3600}
    short = worker(kafka_broker, topic_prefix, tmp_path / "w", meter__seen_ttl_s=90_060, **hasty)
    now = datetime.now(UTC)
    fresh = ledger.add_all(exchanges(61, 100, started_at=now))
    days_old = datetime.fromtimestamp(now.timestamp() - 2 * 86_400, UTC)
    old = ledger.add_all(exchanges(62, 10, started_at=days_old))
    try:
        await short.start().until_ready()
        await produce(servers, [*fresh, *old], prefix=topic_prefix)
        await produce_raw(servers, topics.exchanges, [(b"default|user-001", b"\xff")])
        await until_letters(kafka_broker, topic_prefix, 11)
        await until_counted(short, 100)
        code, out = dlq(short, "list", "--reason", "too_old_to_dedupe")
        assert (code, out.count("too_old_to_dedupe")) == (0, 11)
        place = out.split()[0]
        code, out = dlq(short, "show", place)
        assert (code, '"stage": "meter"' in out) == (0, True)
        assert short.stop() == 0
        able = worker(kafka_broker, topic_prefix, tmp_path / "w", port=short.port)
        await able.start().until_ready()
        code, out = dlq(able, "replay", "--reason", "too_old_to_dedupe", "--dry-run")
        assert (code, "10 would be sent again" in out) == (0, True), out
        for sent in (10, 0):
            code, out = dlq(able, "replay", "--reason", "too_old_to_dedupe")
            assert (code, f"{sent} sent again" in out) == (0, True), out
        assert dlq(able, "replay", "--reason", "too_old_to_dedupe", "--again")[0] == 0
        await until_counted(able, 110)
        await asyncio.sleep(2)
        await assert_exact(able, ledger)
        for attempt in range(1, 4):
            code, out = dlq(able, "replay", "--reason", "undecodable")
            assert (code, "1 sent again" in out) == (0, True), out
            await until_letters(kafka_broker, topic_prefix, 11 + attempt)
        code, out = dlq(able, "replay", "--reason", "undecodable")
        assert (code, "came back 3 times" in out) == (1, True), out
        assert able.stop() == 0
    finally:
        short.kill()


async def test_a_bad_deploy_stops_and_loses_nothing(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """All of a newer version: a few become letters, the rest waits for a build that knows them."""
    servers, topics = kafka_broker.bootstrap_servers, Topics(topic_prefix)
    ledger = Ledger()
    known = ledger.add_all(exchanges(63, 200, started_at=datetime.now(UTC)))
    newer = list(exchanges(64, 400, started_at=datetime.now(UTC)))
    bad = worker(kafka_broker, topic_prefix, tmp_path / "w")
    try:
        await bad.start().until_ready()
        await produce(servers, known, prefix=topic_prefix)
        await until_counted(bad, 200)
        messages: list[tuple[bytes | None, bytes | None]] = [
            (
                exchange_key(each.tenant, each.user, each.request_id),
                encode_record(each).replace(b'"schema_version":1', b'"schema_version":9'),
            )
            for each in newer
        ]
        await produce_raw(servers, topics.exchanges, messages)
        async with asyncio.timeout(60):
            while "TAILRACE_DEAD_LETTERS__MAX_SHARE" not in bad.log_path.read_text():
                await asyncio.sleep(0.1)
        await asyncio.sleep(4)
        letters = await consume_all(servers, topics.dead_letters)
        assert len({each.value for each in letters}) <= 2 * 20
        status, answer = await bad.get("/health/ready")
        assert (status, answer["parts"]["streams"] != "running") == (503, True)
        bad.kill()
        able = worker(kafka_broker, topic_prefix, tmp_path / "w", dead_letters__max_share=1)
        await able.start().until_ready()
        async with asyncio.timeout(60):
            while len({_origin(each.value) for each in letters}) < 400:
                letters = await consume_all(servers, topics.dead_letters)
        assert await requests_counted(able) == 200
        able.kill()
    finally:
        bad.kill()


def _origin(value: bytes) -> tuple[int, int]:
    origin = decode_dead_letter(value).origin
    return origin.partition, origin.offset
