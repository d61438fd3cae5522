"""A worker whose dead letters are looked at, and the command that does it."""

import asyncio
from pathlib import Path
from typing import Any

from app.record.codec import decode_dead_letter
from app.record.dead_letter import DeadLetter
from app.record.topics import Topics
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process

HASTY: dict[str, Any] = {
    "spill__max_age_s": 60,
    "dead_letters__max_replay_age_s": 3600,
    "meter__seen_ttl_s": 90_060,
}
"""Settings of a worker that takes a record of the day before yesterday for too old."""


def worker(broker: KafkaBroker, prefix: str, data_dir: Path, **settings: Any) -> Process:
    """A worker on two partitions that tries again soon after a failure."""
    given = {
        "role": "worker",
        "kafka__bootstrap_servers": broker.bootstrap_servers,
        "kafka__topic_prefix": prefix,
        "kafka__partitions": 2,
        "kafka__session_timeout_s": 6,
        "engine__restart_backoff_max_s": 1,
    }
    return Process(data_dir, **{**given, **settings})


async def dlq(process: Process, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `tailrace dlq` on the process's settings."""
    done = await asyncio.to_thread(process.run, "dlq", *arguments)
    return done.returncode, done.stdout + done.stderr


async def until_letters(broker: KafkaBroker, prefix: str, count: int) -> list[DeadLetter]:
    """All letters, once there are letters of `count` messages, of which none may be missing."""
    letters: dict[Any, DeadLetter] = {}
    for _ in range(300):
        for message in await consume_all(broker.bootstrap_servers, Topics(prefix).dead_letters):
            letter = decode_dead_letter(message.value)
            letters[letter.origin] = letter
        if len(letters) >= count:
            return list(letters.values())
        await asyncio.sleep(0.1)
    raise AssertionError(f"letters of {len(letters)} of {count} messages")
