"""Forty exchanges priced by hand, through Kafka and a worker: live tables to the nano-dollar."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.kafka import KafkaBroker
from tests.support.priced import LINES, TABLE, TOTAL_NANO_USD, exchange
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]


async def costs(worker: Process) -> dict[str, int]:
    """What each user cost in nano-USD, by the worker's list."""
    status, answer = await worker.get("/api/v1/users?sort=cost&limit=1000")
    assert status == 200, answer
    return {row["user"]: row["cost_nano_usd"] for row in answer["items"]}


async def test_the_sum_over_users_is_the_one_computed_by_hand(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Also after a SIGKILL, and after every record came a second time."""
    now = datetime.now(UTC)
    records = [exchange(number, line, produced_at=now) for number, line in enumerate(LINES)]
    worker = Process(
        tmp_path / "w",
        role="worker",
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__topic_prefix=topic_prefix,
        kafka__partitions=4,
        kafka__session_timeout_s=6,
    ).start()
    try:
        await worker.until_ready()
        await produce(kafka_broker.bootstrap_servers, records, prefix=topic_prefix)
        await until_counted(worker, len(LINES))
        assert await costs(worker) == TABLE["users"]
        worker.kill()
        again = [*records, exchange(len(LINES), LINES[0], produced_at=now)]
        await produce(kafka_broker.bootstrap_servers, again, prefix=topic_prefix)
        worker.start()
        await until_counted(worker, len(LINES) + 1)
        assert sum((await costs(worker)).values()) == TOTAL_NANO_USD + LINES[0]["nano_usd"]
    finally:
        worker.kill()
