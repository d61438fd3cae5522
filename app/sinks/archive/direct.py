"""Large bodies that go to the object store while they pass, in parts, in the background.

Who feeds an upload never waits: bytes that the store has not taken yet are held up to a limit that
all uploads of a process share, and one that would exceed it is given up. So is one that cannot be
begun as too many are under way, that grows over its own limit, or that the store does not take
after a few attempts. What is given up leaves no object behind, nor, where the store can be reached,
any part of one.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from typing import Literal
from zlib import crc32

from app.errors import TailraceError
from app.metrics import Metrics
from app.record.bodies import StoredBody
from app.sinks.archive.store import ObjectStore
from app.sinks.archive.writing import Writing
from app.tasks import spawn

logger = logging.getLogger(__name__)
PART_BYTES = 6 << 20
Side = Literal["request", "response"]
Lost = Literal["too_large", "dropped"]
State = Literal["open", "kept", "too_large", "dropped"]


@dataclass(frozen=True, slots=True)
class DirectLimits:
    """The longest body, how many at once, and the bytes that all of them may hold."""

    max_bytes: int
    uploads: int
    buffer_bytes: int


def direct_prefix(tenant: str, started_at: datetime, request_id: str) -> str:
    """What the objects of one exchange's sides are called, `/request` and `/response` apart."""
    return f"{tenant}/{started_at.astimezone(UTC).date().isoformat()}/direct/{request_id}"


class DirectUploads:
    """The uploads of a process."""

    def __init__(
        self,
        store: ObjectStore,
        limits: DirectLimits,
        metrics: Metrics,
        *,
        bucket: str = "bodies",
        part_bytes: int = PART_BYTES,
        jitter: Callable[[], float] = random,
    ) -> None:
        """The store belongs to the caller, who closes it after the last upload.

        `bucket` is its name, for addresses alone.
        """
        self._bucket = bucket
        self.limits = limits
        self.part_bytes = part_bytes
        self.held_bytes = 0
        self._store = store
        self._jitter = jitter
        self._open: set[DirectUpload] = set()
        self._results = metrics.direct_bodies_total
        metrics.direct_buffer_bytes.set_function(lambda: self.held_bytes)

    def begin(
        self, tenant: str, started_at: datetime, request_id: str, side: Side
    ) -> "DirectUpload":
        """An upload to be fed; given up from the beginning where too many are under way."""
        key = f"{direct_prefix(tenant, started_at, request_id)}/{side}"
        upload = DirectUpload(self, key, Writing(self._store, key, self._jitter))
        if len(self._open) >= self.limits.uploads:
            upload.give_up()
        else:
            self._open.add(upload)
            upload.start()
        return upload

    def address(self, stored: StoredBody) -> str:
        """Where the large bodies of its exchange are: `s3://bucket/prefix`, one object a side."""
        return f"s3://{self._bucket}/{stored.object.rpartition('/')[0]}"

    def count(self, upload: "DirectUpload") -> None:
        """An upload is over."""
        self._open.discard(upload)
        self._results.labels(upload.state).inc()


class DirectUpload:
    """One body on its way: `open` until its object is there, or until it is given up.

    `add`, `end` and `give_up` neither wait nor raise.
    """

    def __init__(self, uploads: DirectUploads, key: str, writing: Writing) -> None:
        """Nothing runs before `start`."""
        self.state: State = "open"
        self.stored: StoredBody | None = None
        self._uploads = uploads
        self._key = key
        self._writing = writing
        self._size_bytes = 0
        self._held_bytes = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._has_ended = False
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to upload."""
        self._task = spawn(self._run(), name="direct-upload")

    def add(self, chunk: bytes) -> None:
        """Some more of the body."""
        if self.state != "open":
            return
        limits = self._uploads.limits
        self._size_bytes += len(chunk)
        if self._size_bytes > limits.max_bytes:
            self.give_up("too_large")
        elif self._uploads.held_bytes + len(chunk) > limits.buffer_bytes:
            self.give_up()
        else:
            self._hold(len(chunk))
            self._waiting.append(chunk)
            self._waiting_bytes += len(chunk)
            if self._waiting_bytes >= self._uploads.part_bytes:
                self._more.set()

    def end(self) -> None:
        """There is no more of it."""
        self._has_ended = True
        self._more.set()

    def give_up(self, state: Lost = "dropped") -> None:
        """Let go of everything; when it is over already, harmless."""
        if self.state == "open":
            self._end_as(state)
            if self._task is not None:
                self._task.cancel()

    async def settled(self) -> None:
        """Wait until it is not open any more."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        crc, is_last = 0, False
        try:
            while not is_last:
                chunks, is_last = await self._next()
                data, crc = await asyncio.to_thread(_joined, chunks, crc)
                await self._writing.write(data, is_last=is_last)
                self._hold(-len(data))
        except TailraceError as error:
            logger.warning("a body is given up after %d bytes: %s", self._size_bytes, error)
            self._end_as("dropped")
            await self._writing.abort()
        except asyncio.CancelledError:
            self._end_as("dropped")
            spawn(self._writing.abort(), name="direct-abort")
            raise
        else:
            self.stored = StoredBody(self._key, self._size_bytes, crc)
            self._end_as("kept")

    async def _next(self) -> tuple[list[bytes], bool]:
        """The chunks of the next part, and whether it is the last."""
        await self._more.wait()
        chunks, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not self._has_ended:
            self._more.clear()
        return chunks, self._has_ended

    def _hold(self, more_bytes: int) -> None:
        if self.state == "open":
            self._held_bytes += more_bytes
            self._uploads.held_bytes += more_bytes

    def _end_as(self, state: State) -> None:
        if self.state == "open":
            self._hold(-self._held_bytes)
            self._waiting.clear()
            self.state = state
            self._uploads.count(self)


def _joined(chunks: list[bytes], crc: int) -> tuple[bytes, int]:
    data = b"".join(chunks)
    return data, crc32(data, crc)
