"""Another Tailrace as a way out: batches to its `/api/v1/log`, which answers 202 once durable.

Messages arrive there as they are here: records with their ids, producers, sequences and times, and
bodies byte by byte. The topics are those of its own prefix. A line that it rejects is a `retry`:
it may be older than we are, so its word is not the broker's.
"""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any

import aiohttp
import orjson

from app.record.topics import Topics
from proxy.ingest.wire import bodies_line, record_line
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result

logger = logging.getLogger(__name__)
PATH = "/api/v1/log"
ACCEPTED = 202
# Below what the other side takes at a time, as long as no single message is above it.
REQUEST_BYTES = 8 << 20
# About a third of a millisecond; then the event loop has its turn. In base64 three bytes are four.
SLICE_BYTES = 3 * (32 << 10)
# What a line has around its message.
RECORD_BYTES, BODIES_BYTES = len(record_line(b"")), len(bodies_line(b""))
QUOTE_AT = bodies_line(b"").index(b'""') + 1
BODIES_HEAD, BODIES_TAIL = bodies_line(b"")[:QUOTE_AT], bodies_line(b"")[QUOTE_AT:]


class FallbackOutlet:
    """Delivers to the backend at `url`, with or without `/api/v1/log` at its end.

    Without the backend's internal token it gives records ids of its own, and takes no bodies.
    """

    def __init__(self, url: str, *, token: str | None, timeout_s: float, topics: Topics) -> None:
        """Nothing is connected yet; no request takes longer than `timeout_s`."""
        self._url = url.rstrip("/").removesuffix(PATH) + PATH
        self._headers = {"Content-Type": "application/x-ndjson"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout_s = timeout_s
        self._topics = topics
        self._session: aiohttp.ClientSession | None = None
        self._trouble = ""

    async def start(self) -> bool:
        """Ready: whether it works is known with the first batch."""
        return True

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """See `Outlet`; never `refused`."""
        results: list[Result] = ["retry"] * len(batch)
        for places, size_bytes in self._requests(batch):
            pieces = self._pieces(batch[place] for place in places)
            payload = await _gathered(pieces, size_bytes)
            rejected = await self._post(payload, len(places))
            if rejected is None:
                break
            for number, place in enumerate(places):
                if number not in rejected:
                    results[place] = "delivered"
        return results

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _requests(self, batch: Sequence[Outgoing]) -> Iterator[tuple[list[int], int]]:
        """The places of the messages of each request, and how long it is."""
        places: list[int] = []
        size_bytes = 0
        for place, message in enumerate(batch):
            line_bytes = self._line_bytes(message)
            if places and size_bytes + line_bytes > REQUEST_BYTES:
                yield places, size_bytes
                places, size_bytes = [], 0
            places.append(place)
            size_bytes += line_bytes
        if places:
            yield places, size_bytes

    def _line_bytes(self, message: Outgoing) -> int:
        value_bytes = len(message.value)
        if message.topic != self._topics.bodies:
            return RECORD_BYTES + value_bytes
        return BODIES_BYTES + (value_bytes + 2) // 3 * 4

    def _pieces(self, messages: Iterable[Outgoing]) -> Iterator[bytes]:
        """The lines of messages, in pieces that take no time to make."""
        for message in messages:
            value = message.value
            if message.topic != self._topics.bodies:
                yield record_line(value)
                continue
            yield BODIES_HEAD
            for start in range(0, len(value), SLICE_BYTES):
                yield b64encode(value[start : start + SLICE_BYTES])
            yield BODIES_TAIL

    async def _post(self, payload: BytesIO, count: int) -> set[int] | None:
        """The numbers of the lines that were rejected; None if nothing is known to be durable."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout)
        try:
            async with self._session.post(
                self._url, data=payload, headers=self._headers, allow_redirects=False
            ) as reply:
                body = await reply.read()
                status = reply.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._failed(repr(error))
            return None
        if status != ACCEPTED:
            self._failed(f"status {status}")
            return None
        rejected = _rejected(body, count)
        if rejected is None:
            self._failed("an answer that cannot be read")
            return None
        if rejected:
            logger.warning("the fallback rejects %d of %d messages", len(rejected), count)
        if self._trouble:
            logger.warning("the fallback takes records again")
            self._trouble = ""
        return rejected

    def _failed(self, trouble: str) -> None:
        """Log what is wrong, once."""
        if trouble != self._trouble:
            self._trouble = trouble
            logger.warning("the fallback at %s takes nothing: %s", self._url, trouble)


async def _gathered(pieces: Iterable[bytes], size_bytes: int) -> BytesIO:
    """Pieces as one; between slices of them the event loop has its turn."""
    # With all of its room from the beginning: what grows is copied as a whole.
    gathered, since_bytes = BytesIO(bytes(size_bytes)), 0
    for piece in pieces:
        gathered.write(piece)
        since_bytes += len(piece)
        if since_bytes >= SLICE_BYTES:
            since_bytes = 0
            await asyncio.sleep(0)
    gathered.seek(0)
    return gathered


def _rejected(body: bytes, count: int) -> set[int] | None:
    """The numbers of the rejected lines in an answer; None if it is not such an answer."""
    try:
        answer: Any = orjson.loads(body)
        numbers = {entry["index"] for entry in answer["rejected"]}
        total = answer["accepted"] + answer["duplicates"] + len(numbers)
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return numbers if total == count and numbers <= set(range(count)) else None
