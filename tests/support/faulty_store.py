"""An object store that can be made to misbehave, around any other; it knows what was put."""

import asyncio

from app.errors import SinkRefused, StoreUnavailable
from app.record.bodies import BodyEnvelope
from app.sinks.archive.segment import Index, read_segment
from app.sinks.archive.store import ObjectStore, Upload

WHOLE_BYTES = 1 << 30


class FaultyStore:
    """While `trouble` is set every call raises it; puts and uploads wait for `slow` to be set."""

    def __init__(self, inner: ObjectStore) -> None:
        self.inner = inner
        self.trouble: StoreUnavailable | SinkRefused | None = None
        self.slow: asyncio.Event | None = None
        self.keys: list[str] = []

    @property
    def state(self) -> str:
        """That of the trouble, else of the store."""
        return (
            self.trouble.state if isinstance(self.trouble, StoreUnavailable) else self.inner.state
        )

    async def check(self) -> None:
        self._meet()
        await self.inner.check()

    async def put(self, key: str, data: bytes) -> None:
        self._meet()
        await self._wait()
        await self.inner.put(key, data)
        self.keys.append(key)

    async def get(self, key: str, offset: int, length: int) -> bytes | None:
        self._meet()
        return await self.inner.get(key, offset, length)

    async def upload(self, key: str) -> Upload:
        self._meet()
        await self._wait()
        return await self.inner.upload(key)

    async def close(self) -> None:
        await self.inner.close()

    async def segments(self) -> list[tuple[Index, list[BodyEnvelope]]]:
        """Every object that was put, read alone."""
        found = []
        for key in dict.fromkeys(self.keys):
            data = await self.inner.get(key, 0, WHOLE_BYTES)
            assert data is not None, key
            found.append(read_segment(data))
        return found

    async def _wait(self) -> None:
        if self.slow is not None:
            await self.slow.wait()

    def _meet(self) -> None:
        if self.trouble is not None:
            raise self.trouble
