"""Large bodies in memory: kept, lost, or on their way for as long as a test wants."""

import asyncio
from datetime import datetime
from typing import Literal
from zlib import crc32

from app.record.bodies import StoredBody


class MemoryLargeBody:
    """Keeps what it is fed; `settle` says what becomes of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: Literal["open", "kept", "too_large", "dropped"] = "open"
        self.stored: StoredBody | None = None
        self.data = b""
        self.has_ended = False
        self._settled = asyncio.Event()

    def add(self, chunk: bytes) -> None:
        assert not self.has_ended
        self.data += chunk

    def end(self) -> None:
        self.has_ended = True

    def settle(self, state: Literal["kept", "too_large", "dropped"] = "kept") -> None:
        """Let it be kept, or lost."""
        self.state = state
        if state == "kept":
            self.stored = StoredBody(self.name, len(self.data), crc32(self.data))
        self._settled.set()

    def give_up(self) -> None:
        if self.state == "open":
            self.settle("dropped")

    async def settled(self) -> None:
        await self._settled.wait()


class MemoryLargeBodies:
    """Begins them, and remembers all of them by tenant, id and side."""

    def __init__(self) -> None:
        self.begun: dict[str, MemoryLargeBody] = {}

    def begin(
        self, tenant: str, started_at: datetime, request_id: str, side: str
    ) -> MemoryLargeBody:
        name = f"{tenant}/{started_at.date()}/direct/{request_id}/{side}"
        assert name not in self.begun
        self.begun[name] = MemoryLargeBody(name)
        return self.begun[name]

    def address(self, stored: StoredBody) -> str:
        return "s3://bucket/" + stored.object.rpartition("/")[0]
