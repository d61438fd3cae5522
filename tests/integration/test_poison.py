"""Records no agent can read: dead-lettered one by one, neighbours unharmed, the worker up."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.record.codec import decode_dead_letter, encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from tests.integration.test_meter_killed import worker
from tests.support.consume import consume_all
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.produce import produce, produce_raw
from tests.support.totals import assert_exact, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(120)]


async def test_poison_is_buried_alone(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Every kind of poison between two halves of good traffic."""
    ledger = Ledger()
    records = ledger.add_all(exchanges(3, 400, started_at=datetime.now(UTC)))
    sample = encode_record(records[0])
    key = exchange_key(records[0].tenant, records[0].user, records[0].request_id)
    poison: list[tuple[bytes | None, bytes | None]] = [
        (key, sample.replace(b'"schema_version":1', b'"schema_version":99')),
        (key, sample.replace(b'"outcome"', b'"outcame"')),
        (None, sample),
        (b"default|somebody-else", sample),
        (key, b"x" * (10 << 20)),
        (key, os.urandom(300)),
        (key, None),
        (key, b""),
    ]
    topics = Topics(topic_prefix)
    process = worker(kafka_broker, topic_prefix, tmp_path / "w").start()
    try:
        await process.until_ready()
        servers = kafka_broker.bootstrap_servers
        await produce(servers, records[:200], prefix=topic_prefix)
        places = await produce_raw(servers, topics.exchanges, poison)
        await produce(servers, records[200:], prefix=topic_prefix)
        await until_counted(process, len(records))
        await asyncio.sleep(2)
        await assert_exact(process, ledger)
        assert process.stop() == 0
    finally:
        process.kill()
    letters = [
        decode_dead_letter(message.value)
        for message in await consume_all(servers, topics.dead_letters)
    ]
    buried = {(each.origin.partition, each.origin.offset): each for each in letters}
    assert set(buried) == set(places)
    reasons = [buried[place].reason for place in places]
    assert reasons[0] == "unknown_version"
    assert reasons[4] == "too_large"
    for place, (raw_key, raw_value) in zip(places, poison, strict=True):
        assert buried[place].raw_key == raw_key
        if raw_value is None or len(raw_value) < 1 << 20:
            assert buried[place].raw_value == raw_value
