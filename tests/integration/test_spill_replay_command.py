"""`tailrace spill replay` against a real broker."""

import subprocess
from pathlib import Path

import pytest

from app.record.topics import Topics
from proxy.publisher.outgoing import Outgoing
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.spill import SpillStand

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(120)]
COUNT = 1200


def replay(data_dir: Path, servers: str) -> "subprocess.CompletedProcess[str]":
    """The command, on a data directory."""
    return Process(data_dir).run("spill", "replay", "--bootstrap", servers)


async def test_replay(kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path) -> None:
    """Refused while a process has it; then all is on the broker, in order, and off the disk."""
    topics = Topics(topic_prefix)
    await kafka_broker.create_topics(topics.specs(), partitions=1)
    records = [Outgoing(topics.exchanges, b"default|a", b"%05d" % n) for n in range(COUNT)]
    stand = SpillStand(tmp_path / "spill")
    stand.append(*records, Outgoing(topics.bodies, b"id", b"body"))
    refused = replay(tmp_path, kafka_broker.bootstrap_servers)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is in use by process" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    stand.close()
    done = replay(tmp_path, kafka_broker.bootstrap_servers)
    assert (done.returncode, done.stdout) == (0, f"{COUNT + 1} messages replayed, 0 left\n")
    found = await consume_all(kafka_broker.bootstrap_servers, topics.exchanges)
    assert [(each.key, each.value) for each in found] == [
        (each.key, each.value) for each in records
    ]
    (body,) = await consume_all(kafka_broker.bootstrap_servers, topics.bodies)
    assert (body.key, body.value) == (b"id", b"body")
    assert [path.name for path in stand.directory.iterdir()] == ["lock"]
