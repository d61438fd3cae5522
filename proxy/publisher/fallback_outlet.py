"""Another Tailrace as a way out: batches to its `/api/v1/log`, which answers 202 once durable.

Messages arrive there as they are here: records with their ids, producers, sequences and times, and
bodies byte by byte. The topics are those of its own prefix. A line that it rejects is a `retry`:
it may be older than we are, so its word is not the broker's.
"""

import logging
from collections.abc import Iterator, Sequence
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
        for places, payload in self._requests(batch):
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

    def _requests(self, batch: Sequence[Outgoing]) -> Iterator[tuple[list[int], bytes]]:
        """Bodies of requests, each with the places of its messages."""
        places: list[int] = []
        lines: list[bytes] = []
        size_bytes = 0
        for place, message in enumerate(batch):
            is_body, value = message.topic == self._topics.bodies, message.value
            line = bodies_line(value) if is_body else record_line(value)
            if places and size_bytes + len(line) > REQUEST_BYTES:
                yield places, b"".join(lines)
                places, lines, size_bytes = [], [], 0
            places.append(place)
            lines.append(line)
            size_bytes += len(line)
        if places:
            yield places, b"".join(lines)

    async def _post(self, payload: bytes, count: int) -> set[int] | None:
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


def _rejected(body: bytes, count: int) -> set[int] | None:
    """The numbers of the rejected lines in an answer; None if it is not such an answer."""
    try:
        answer: Any = orjson.loads(body)
        numbers = {entry["index"] for entry in answer["rejected"]}
        total = answer["accepted"] + answer["duplicates"] + len(numbers)
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return numbers if total == count and numbers <= set(range(count)) else None
