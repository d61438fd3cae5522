"""Bodies sent to a real broker, and read back from a worker's body route."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_codec import encode_bodies
from app.record.codec import decode_archived
from app.record.topics import Topics
from app.sinks.archive.s3 import S3Store
from app.sinks.archive.segment import read_member
from tests.support.analytics import EngineProcess
from tests.support.consume import consume_all
from tests.support.kafka import KafkaBroker
from tests.support.offsets import read_again
from tests.support.processes import Process
from tests.support.produce import produce_raw
from tests.support.seaweed import Seaweed

AT_ONCE = 16


class ArchiveWorld:
    """Broker, store and engine, with names that no other test uses."""

    def __init__(
        self, broker: KafkaBroker, seaweed: Seaweed, engine: EngineProcess, prefix: str
    ) -> None:
        self.broker, self.seaweed, self.engine, self.prefix = broker, seaweed, engine, prefix
        self.topics = Topics(prefix)

    def worker(self, data_dir: Path, **settings: Any) -> Process:
        """A worker on them, not started."""
        given: dict[str, Any] = {
            "role": "worker",
            "kafka__bootstrap_servers": self.broker.bootstrap_servers,
            "kafka__topic_prefix": self.prefix,
            "kafka__partitions": 4,
            "kafka__session_timeout_s": 6,
            "analytics__url": self.engine.url_of(self.prefix),
            "archive__batch_age_s": 0.5,
            "s3__timeout_s": 5,
            **self.seaweed.variables(),
        }
        return Process(data_dir, **(given | settings))

    async def send(self, made: Iterable[BodyEnvelope]) -> None:
        """Put bodies on their topic, as the publisher would."""
        messages = [(each.request_id.encode(), encode_bodies(each)) for each in made]
        await produce_raw(self.broker.bootstrap_servers, self.topics.bodies, messages)

    async def read_again(self) -> None:
        """Have the group, which must be empty, read `bodies` from its start."""
        await read_again(self.broker.bootstrap_servers, self.prefix, [self.topics.bodies], 4)

    async def keys(self, tenant: str) -> set[str]:
        """The names of a tenant's objects."""
        found: set[str] = set()
        async with self.seaweed.access.client() as s3:
            pages = s3.get_paginator("list_objects_v2")
            named = {"Bucket": self.seaweed.access.bucket, "Prefix": f"{tenant}/"}
            async for page in pages.paginate(**named):
                found |= {each["Key"] for each in page.get("Contents", [])}
        return found

    async def until_told(self, made: Sequence[BodyEnvelope], places: int, timeout_s: float) -> None:
        """Wait until `places` places were told; each of them must hold the very bodies."""
        wanted = {each.request_id: each for each in made}
        deadline = time.monotonic() + timeout_s
        while (
            len(told := await consume_all(self.broker.bootstrap_servers, self.topics.archived))
            < places
        ):
            assert time.monotonic() < deadline, f"{len(told)} places of {places}"
            await asyncio.sleep(0.3)
        store = S3Store(self.seaweed.settings())
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(value: bytes) -> str:
            place = decode_archived(value)
            async with gate:
                data = await store.get(place.object, place.offset, place.length)
            assert data is not None
            assert read_member(data) == wanted[place.request_id]
            return place.request_id

        try:
            seen = await asyncio.gather(*(one(message.value) for message in told))
        finally:
            await store.close()
        assert set(seen) == set(wanted)

    async def until_indexed(self, count: int, timeout_s: float = 60) -> None:
        """Wait until the engine knows of so many exchanges, each counted once."""
        client = self.engine.client(self.prefix)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    (row,) = await client.query("SELECT count() AS rows FROM bodies FINAL")
                    if row["rows"] >= count:
                        break
                    await asyncio.sleep(0.2)
        finally:
            await client.close()
        assert row["rows"] == count


Sides = dict[str, tuple[str, str, bytes] | None]


async def sides_of(
    session: aiohttp.ClientSession, worker: Process, request_id: str
) -> tuple[int, Sides]:
    """Status, and type, coding and bytes of both sides as they are answered one by one."""
    sides: Sides = {}
    for side in ("request", "response"):
        url = f"{worker.url}/api/v1/exchanges/{request_id}/body?side={side}"
        async with session.get(url) as answer:
            data = await answer.read()
            if answer.status != 200:
                error = (await answer.json())["error"]["code"]
                if error != "no_body":
                    return answer.status, {}
                sides[side] = None
                continue
            headers = answer.headers
            sides[side] = (headers["Content-Type"], headers.get("Content-Encoding", ""), data)
    return 200, sides


def expected(part: BodyPart | None) -> tuple[str, str, bytes] | None:
    """What `sides_of` says of a side."""
    if part is None:
        return None
    return part.content_type or "application/octet-stream", part.content_encoding, part.data


def _differences(sides: Sides, wanted: Sides) -> str:
    """Which sides are not what they were, briefly."""
    return ", ".join(
        f"{name}: {_briefly(sides[name])} instead of {_briefly(wanted[name])}"
        for name in wanted
        if sides[name] != wanted[name]
    )


def _briefly(side: tuple[str, str, bytes] | None) -> str:
    return "nothing" if side is None else f"{side[:2]} {len(side[2])} bytes {side[2][:40]!r}"


async def assert_readable(
    worker: Process, made: Sequence[BodyEnvelope], timeout_s: float = 60
) -> None:
    """Every body comes back from the worker to the byte, at the latest after a while."""
    deadline = time.monotonic() + timeout_s
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(session: aiohttp.ClientSession, each: BodyEnvelope) -> None:
        async with gate:
            while True:
                status, sides = await sides_of(session, worker, each.request_id)
                if status == 200:
                    break
                assert time.monotonic() < deadline, (
                    f"{status} for {each.request_id}\n{worker.tail()}"
                )
                await asyncio.sleep(0.2)
        wanted = {"request": expected(each.request), "response": expected(each.response)}
        assert sides == wanted, f"{each.request_id}: {_differences(sides, wanted)}"

    async with aiohttp.ClientSession(auto_decompress=False) as session:
        await asyncio.gather(*(one(session, each) for each in made))
