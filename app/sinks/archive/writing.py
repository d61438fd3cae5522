"""One object of a length that is not known when it begins: a single PUT if one part is all of it.

What the store cannot take now is tried again a few times, with growing waits; parts are written one
after the other, so that what is tried again is the part that failed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.engine.backoff import Backoff
from app.errors import StoreUnavailable
from app.sinks.archive.store import ObjectStore, Upload

ATTEMPTS = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 2.0

T = TypeVar("T")


class Writing:
    """An object that nobody sees before its last part is written."""

    def __init__(self, store: ObjectStore, key: str, jitter: Callable[[], float]) -> None:
        """Nothing is asked of the store yet."""
        self._store = store
        self._key = key
        self._jitter = jitter
        self._upload: Upload | None = None

    async def write(self, data: bytes, *, is_last: bool) -> None:
        """The next part; only the last may be empty. Raises: StoreUnavailable, SinkRefused."""
        if is_last and self._upload is None:
            await self._tried(lambda: self._store.put(self._key, data))
            return
        if self._upload is None:
            self._upload = await self._tried(lambda: self._store.upload(self._key))
        upload = self._upload
        if data:
            await self._tried(lambda: upload.part(data))
        if is_last:
            await self._tried(upload.finish)

    async def abort(self) -> None:
        """Let go of parts that are no object yet; raises nothing."""
        if self._upload is not None:
            await self._upload.abort()

    async def _tried(self, ask: Callable[[], Awaitable[T]]) -> T:
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S, self._jitter)
        for _ in range(ATTEMPTS - 1):
            try:
                return await ask()
            except StoreUnavailable as error:
                wait_s = min(error.retry_after_s or backoff.next_s(), LONGEST_WAIT_S)
                await asyncio.sleep(wait_s)
        return await ask()
