"""What came of each attempt, per endpoint: kept in memory, or in the analytics engine.

The log is for people. It lies in the analytics engine where there is one: there it survives
restarts, is the same whichever worker is asked, and is bounded by its age. It is written in batches
in the background and gives way when it must: a full buffer loses its oldest lines, and counts them.
Without an engine each process keeps the last attempts that it made itself.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from app.errors import SinkRefused, SinkUnavailable, Unavailable
from app.metrics import Metrics
from app.sinks.clickhouse.protocol import Analytics
from app.tasks import spawn

logger = logging.getLogger(__name__)
Result = Literal["delivered", "failed", "gone", "exhausted", "dropped"]
Kind = Literal["exchange", "replay", "test"]
TABLE = "deliveries"
KEPT_PER_ENDPOINT = 200
KEPT_ENDPOINTS = 500
BUFFER_LINES = 20_000
BATCH_LINES = 1000
WRITE_EVERY_S = 1.0


class Place(NamedTuple):
    """Where a line is in the log; without an id, in front of all of that time."""

    at: datetime
    attempt_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt; `attempt` counts from 1. `next_at` None: there is none."""

    tenant: str
    endpoint_id: str
    at: datetime
    attempt_id: str
    webhook_id: str
    request_id: str
    kind: Kind
    attempt: int
    result: Result
    status: int | None = None
    took_ms: float | None = None
    error: str | None = None
    next_at: datetime | None = None
    replay_id: str | None = None

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.at, self.attempt_id)

    def members(self) -> dict[str, Any]:
        """As an owner sees it."""
        return {name: value for name, value in asdict(self).items() if name != "tenant"}


COLUMNS = tuple(field.name for field in fields(Line))
SHOWN = ", ".join(name for name in COLUMNS if name != "tenant")
OF_ENDPOINT = f"""
SELECT {SHOWN}
FROM {TABLE}
WHERE tenant = {{tenant:String}} AND endpoint_id = {{endpoint:String}}
  AND at <= {{before:DateTime64(3, 'UTC')}} AND at >= {{since:DateTime64(3, 'UTC')}}
  AND (at < {{before:DateTime64(3, 'UTC')}} OR attempt_id < {{before_id:String}})
ORDER BY at DESC, attempt_id DESC
LIMIT 1 BY attempt_id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - names of our own, values are bound
OF_EXCHANGE = f"""
SELECT {SHOWN}
FROM {TABLE}
WHERE tenant = {{tenant:String}} AND request_id = {{request:String}}
  AND at >= {{since:DateTime64(3, 'UTC')}}
ORDER BY at, attempt_id
LIMIT 1 BY attempt_id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - names of our own, values are bound


class DeliveryLog(Protocol):
    """Where attempts are noted."""

    def add(self, line: Line) -> None:
        """Note one; never blocks, never raises."""

    async def read(
        self, tenant: str, endpoint_id: str, *, since: datetime, before: Place, limit: int
    ) -> Sequence[dict[str, Any]]:
        """The last ones before a place, newest first. Raises: Unavailable."""

    async def of_exchange(
        self, tenant: str, request_id: str, *, since: datetime, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Those of one exchange to all endpoints, oldest first. Raises: Unavailable."""

    async def start(self) -> None:
        """Begin to write."""

    async def close(self) -> None:
        """Write what is there, as far as it can be."""


class MemoryLog:
    """The last attempts that this process made."""

    def __init__(self) -> None:
        """Empty."""
        self._lines: OrderedDict[tuple[str, str], deque[Line]] = OrderedDict()

    def add(self, line: Line) -> None:
        """Note one; the endpoint that was silent for longest is forgotten over the limit."""
        key = (line.tenant, line.endpoint_id)
        lines = self._lines.setdefault(key, deque(maxlen=KEPT_PER_ENDPOINT))
        lines.append(line)
        self._lines.move_to_end(key)
        if len(self._lines) > KEPT_ENDPOINTS:
            self._lines.popitem(last=False)

    async def read(
        self, tenant: str, endpoint_id: str, *, since: datetime, before: Place, limit: int
    ) -> Sequence[dict[str, Any]]:
        """The last ones, newest first."""
        lines = self._lines.get((tenant, endpoint_id), ())
        found = [line for line in lines if since <= line.at and line.place < before]
        found.sort(key=lambda each: each.place, reverse=True)
        return [line.members() for line in found[:limit]]

    async def of_exchange(
        self, tenant: str, request_id: str, *, since: datetime, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Those of one exchange that are still kept."""
        found = [
            line
            for (owner, _), lines in self._lines.items()
            for line in lines
            if owner == tenant and line.request_id == request_id and line.at >= since
        ]
        return [line.members() for line in sorted(found, key=lambda each: each.at)[:limit]]

    async def start(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""


class AnalyticsLog:
    """In the analytics engine, through a bounded buffer."""

    def __init__(self, analytics: Analytics, metrics: Metrics) -> None:
        """The engine is somebody else's to open and to close."""
        self._analytics = analytics
        self._lost = metrics.webhook_log_lost_total
        self._buffer: deque[Line] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, line: Line) -> None:
        """Note one, in the place of the oldest if there is no room."""
        if len(self._buffer) >= BUFFER_LINES:
            self._buffer.popleft()
            self._lost.inc()
        self._buffer.append(line)

    async def read(
        self, tenant: str, endpoint_id: str, *, since: datetime, before: Place, limit: int
    ) -> Sequence[dict[str, Any]]:
        """The last ones, newest first. Raises: Unavailable."""
        asked = {
            "tenant": tenant,
            "endpoint": endpoint_id,
            "since": since,
            "before": before.at,
            "before_id": before.attempt_id,
            "limit": limit,
        }
        return await self._rows(OF_ENDPOINT, asked)

    async def of_exchange(
        self, tenant: str, request_id: str, *, since: datetime, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Those of one exchange, oldest first. Raises: Unavailable."""
        asked = {"tenant": tenant, "request": request_id, "since": since, "limit": limit}
        return await self._rows(OF_EXCHANGE, asked)

    async def _rows(self, sql: str, asked: dict[str, Any]) -> Sequence[dict[str, Any]]:
        try:
            return await self._analytics.query(sql, asked, max_rows=asked["limit"])
        except (SinkUnavailable, SinkRefused) as exc:
            raise Unavailable(f"the log cannot be read now: {exc}") from exc

    async def start(self) -> None:
        """Write in the background."""
        self._task = spawn(self._write_always(), name="webhook-log")

    async def close(self) -> None:
        """Write what is there once more, and end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            await self.write()

    async def write(self) -> None:
        """One batch; what the engine cannot take now stays, what it never will is lost."""
        lines = [self._buffer.popleft() for _ in range(min(BATCH_LINES, len(self._buffer)))]
        rows = [[getattr(line, name) for name in COLUMNS] for line in lines]
        try:
            await self._analytics.insert(TABLE, COLUMNS, rows)
        except SinkUnavailable as error:
            logger.debug("the log of webhooks waits: %s", error)
            self._buffer.extendleft(reversed(lines))
        except SinkRefused as error:
            logger.warning("%d lines of the log of webhooks are lost: %s", len(lines), error)
            self._lost.inc(len(lines))
        except asyncio.CancelledError:
            self._buffer.extendleft(reversed(lines))
            raise

    async def _write_always(self) -> None:
        while True:
            if self._buffer:
                await self.write()
            if len(self._buffer) < BATCH_LINES or self._analytics.state != "ok":
                await asyncio.sleep(WRITE_EVERY_S)
