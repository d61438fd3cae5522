"""The embedded services themselves: real programs, real clients, killed and started again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aioboto3
import clickhouse_connect
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from botocore.exceptions import ClientError
from clickhouse_connect.driver.exceptions import DatabaseError

from app.clock import SystemClock
from app.embedded.data_dir import DataDir, Lock
from app.embedded.stack import Stack
from app.ids import RandomIds
from app.record.topics import Topics
from app.topic_admin import ensure_topics
from config import load_settings
from tests.support.embedded import needs_embedded, preferred_ports

pytestmark = [pytest.mark.embedded, preferred_ports, needs_embedded]

OWN = {
    "broker": ("TAILRACE_KAFKA__BOOTSTRAP_SERVERS", "own:9092"),
    "object store": ("TAILRACE_S3__ENDPOINT_URL", "http://own"),
    "analytics engine": ("TAILRACE_ANALYTICS__URL", "clickhouse://own"),
}


@pytest.fixture
async def stack(request: Any, tmp_path: Path) -> AsyncIterator[Stack]:
    """The one service that the test names, running."""
    own = dict(setting for name, setting in OWN.items() if name != request.param)
    data_dir = DataDir.at(tmp_path)
    with Lock(data_dir):
        one = Stack(
            load_settings(own), data_dir, announce=print, clock=SystemClock(), ids=RandomIds()
        )
        await one.start()
        try:
            yield one
        finally:
            one.kill()
            await one.stop()


def only(name: str) -> Any:
    return pytest.mark.parametrize("stack", [name], indirect=True, ids=[name.replace(" ", "-")])


async def restart_after_sigkill(stack: Stack) -> None:
    (child,) = stack.children
    child.kill()
    assert await child.wait() == "SIGKILL"
    await child.start()


@only("object store")
async def test_objects_outlive_a_kill(stack: Stack) -> None:
    access = stack.addresses.s3
    assert access is not None
    body = bytes(range(256)) * 4096
    async with access.client() as s3:
        await s3.put_object(Bucket=access.bucket, Key="a/b", Body=body)
    await restart_after_sigkill(stack)
    async with access.client() as s3:
        answer = await s3.get_object(Bucket=access.bucket, Key="a/b")
        assert await answer["Body"].read() == body


@only("object store")
async def test_nobody_reads_objects_without_the_keys(stack: Stack) -> None:
    access = stack.addresses.s3
    assert access is not None
    stranger = aioboto3.Session().client(
        "s3",
        endpoint_url=access.endpoint_url,
        region_name=access.region,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key="wrong",
    )
    async with stranger as s3:
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            await s3.list_objects_v2(Bucket=access.bucket)


async def clickhouse(stack: Stack) -> Any:
    """The client that a ClickHouse server is used with, on the embedded engine."""
    assert stack.addresses.analytics_url is not None
    dsn = stack.addresses.analytics_url.replace("clickhouse://", "http://")
    return await clickhouse_connect.get_async_client(dsn=dsn)


@only("analytics engine")
async def test_rows_outlive_a_kill(stack: Stack) -> None:
    client = await clickhouse(stack)
    await client.command(
        "CREATE TABLE t (a String, n UInt64, m Map(String, String), at DateTime64(3, 'UTC'),"
        " x Nullable(Int64)) ENGINE = ReplacingMergeTree ORDER BY a"
    )
    at = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    rows = [["it's\t\\", 1 << 63, {"k": "v"}, at, None], ["b", 2, {}, at, -7]]
    summary = await client.insert("t", rows, column_names=["a", "n", "m", "at", "x"])
    assert summary.written_rows == 2
    await client.close()
    await restart_after_sigkill(stack)
    client = await clickhouse(stack)
    found = await client.query(
        "SELECT a, n, m, toString(at), x FROM t WHERE a = {a:String}",
        parameters={"a": "it's\t\\"},
        settings={"max_threads": 1},
    )
    text = "2026-01-02 03:04:05.678"
    assert found.result_rows == [("it's\t\\", 1 << 63, {"k": "v"}, text, None)]
    assert (await client.query("SELECT a FROM t WHERE n = 0")).result_rows == []
    with pytest.raises(DatabaseError, match="47"):
        await client.query("SELECT nope FROM t")
    await client.close()


@only("broker")
async def test_messages_pass_and_topics_are_made_once(stack: Stack) -> None:
    topics, connection = Topics("t"), {"bootstrap_servers": stack.addresses.kafka}
    made = await ensure_topics(
        topics.specs(), partitions=4, replication_factor=1, connection=connection
    )
    assert set(made) == {spec.name for spec in topics.specs()}
    again = await ensure_topics(
        topics.specs(), partitions=4, replication_factor=1, connection=connection
    )
    assert again == []
    producer = AIOKafkaProducer(**connection, acks="all", enable_idempotence=False)
    consumer = AIOKafkaConsumer(
        topics.exchanges, **connection, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await producer.start()
    try:
        sent = [str(number).encode() for number in range(50)]
        await asyncio.gather(
            *[await producer.send(topics.exchanges, each, key=each) for each in sent]
        )
    finally:
        await producer.stop()
    await consumer.start()
    try:
        received = [(await consumer.getone()).value for _ in sent]
    finally:
        await consumer.stop()
    assert sorted(received) == sorted(sent)


@only("broker")
async def test_the_broker_ends_without_a_trace(stack: Stack) -> None:
    """Its topics do not outlive it: that is why `up` stops when it ends."""
    connection = {"bootstrap_servers": stack.addresses.kafka}
    specs = Topics("t").specs()[:1]
    for _ in range(2):
        made = await ensure_topics(specs, partitions=4, replication_factor=1, connection=connection)
        assert made == [specs[0].name]
        await restart_after_sigkill(stack)
