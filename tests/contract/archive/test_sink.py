"""The archive is a sink: on the twin in memory, and on a real server."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Hashable
from typing import Any

import pytest

from app.engine.contracts import Message, Position
from app.errors import StoreUnavailable
from app.metrics import Metrics
from app.record.bodies import BodyEnvelope
from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.s3 import S3Store
from app.sinks.archive.sink import ArchiveSink
from app.sinks.archive.store import ObjectStore
from tests.contract.sinks.conformance import Case, Conformance, Kept
from tests.support.bodies import EPOCH, TOPIC, envelopes, message
from tests.support.faulty_store import FaultyStore
from tests.support.seaweed import Seaweed


class ArchiveCase(Case[Message]):
    """Exchanges of a tenant of its own, in objects."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = FaultyStore(store)
        self.sink = ArchiveSink(self.store, Metrics(), jitter=lambda: 0.0)
        tenant = uuid.uuid4().hex
        self._made: list[BodyEnvelope] = list(envelopes(5, 30, tenant=tenant))

    def item(self, number: int) -> Message:
        return message(self._made[number], number)

    async def kept(self) -> Kept:
        found = [bodies for _, bodies in await self.store.segments()]
        return {each.request_id: each for bodies in found for each in bodies}

    def content(self, number: int) -> tuple[Hashable, Any]:
        return self._made[number].request_id, self._made[number]

    def poison(self) -> Message:
        return Message(b"", b"no body envelope", Position(EPOCH, TOPIC, 0, 99), 0.0)

    async def refuse(self, *, is_down: bool) -> None:
        self.store.trouble = StoreUnavailable("down", "away") if is_down else None

    async def throttle(self, after_s: float | None) -> None:
        asked = StoreUnavailable("throttled", "SlowDown", after_s)
        self.store.trouble = None if after_s is None else asked

    async def slow(self) -> asyncio.Event:
        self.store.slow = asyncio.Event()
        return self.store.slow


class TestArchiveInMemory(Conformance):
    """In a dict."""

    @pytest.fixture
    async def case(self) -> ArchiveCase:
        case = ArchiveCase(MemoryStore())
        await case.sink.start()
        return case


@pytest.mark.embedded
class TestArchiveOnSeaweed(Conformance):
    """SeaweedFS."""

    @pytest.fixture
    async def case(self, seaweed: Seaweed) -> AsyncIterator[ArchiveCase]:
        case = ArchiveCase(S3Store(seaweed.settings()))
        await case.sink.start()
        yield case
        await case.store.close()
