"""The analytics engine over its HTTP interface: a ClickHouse server, or the embedded one.

It opens itself at the first use and again after a fault that says that its tables are gone, so
that nobody has to wait for it at the start.

    starting      not asked yet
    ok            it does what it is asked
    down          it does not answer, or cannot take rows now
    throttled     it asks for time
    refused       the user or the password is wrong, or a right is missing
    schema_newer  a younger build has changed the schema: this one writes and reads nothing
    closed        let go of
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import SinkUnavailable, TailraceError
from app.sinks.clickhouse.address import Address
from app.sinks.clickhouse.answers import (
    BAD_DATA,
    FOREIGN,
    NOT_THERE,
    Fault,
    fault_of,
    of_insert,
    of_query,
)
from app.sinks.clickhouse.connection import connect, migrate
from app.sinks.clickhouse.json_rows import ANSWER_FORMAT, INSERT_FORMAT, in_turn, rows_of, slices_of
from app.sinks.clickhouse.migrations import Migration, migrations
from app.sinks.clickhouse.protocol import MAX_ROWS, TIMEOUT_S
from app.tasks import spawn

logger = logging.getLogger(__name__)
INSERT_TIMEOUT_S = 60.0
MARGIN_S = 5.0
INSERT_SETTINGS: Mapping[str, Any] = {
    "date_time_input_format": "best_effort",
    # a server's profile may turn it on; then an answer would not mean that the rows are kept
    "async_insert": 0,
    # replicas leave out a block that they have seen: what counts is that rows replace each other
    "insert_deduplicate": 0,
    # a replay may bring rows of many months; each part is small all the same
    "max_partitions_per_insert_block": 0,
}
QUERY_SETTINGS: Mapping[str, Any] = {
    "result_overflow_mode": "throw",
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 0,
    # the partition is a function of the sorting key, so versions of a row never lie in two
    "do_not_merge_across_partitions_select_final": 1,
    "use_skip_indexes_if_final": 1,
}


class ClickHouse:
    """One engine; `Analytics` says what it does. Belongs to the loop that first uses it."""

    def __init__(
        self,
        address: Address,
        *,
        known: Sequence[Migration] | None = None,
        insert_timeout_s: float = INSERT_TIMEOUT_S,
    ) -> None:
        """Nothing is connected; `known` are the migrations, those of this build unless given."""
        self.address = address
        self._known = migrations() if known is None else known
        self._insert_timeout_s = insert_timeout_s
        self._client: Any = None
        self._opening: asyncio.Task[Any] | None = None
        self._state = "starting"

    @property
    def state(self) -> str:
        """See above."""
        return self._state

    async def start(self) -> None:
        """Open it, or find out why that cannot be done now."""
        try:
            await self._opened()
            if self._state != "ok":
                await self.query("SELECT 1")
        except TailraceError as exc:
            logger.warning("analytics at %s: %s", self.address, exc)

    async def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Make the rows durable. Raises: SinkUnavailable, SinkRefused."""
        if not rows:
            return
        slices = await slices_of(rows)
        client = await self._opened()
        try:
            async with asyncio.timeout(self._insert_timeout_s):
                await client.raw_insert(
                    table,
                    columns,
                    in_turn(slices),
                    settings=dict(INSERT_SETTINGS),
                    fmt=INSERT_FORMAT,
                )
        except FOREIGN as exc:
            raise of_insert(self._failed(exc, writing=True)) from exc
        self._state = "ok"

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int = MAX_ROWS,
        timeout_s: float = TIMEOUT_S,
    ) -> list[dict[str, Any]]:
        """The rows of a SELECT, within its time. Raises: SinkUnavailable, SinkRefused."""
        limits = {"max_result_rows": max_rows, "max_execution_time": timeout_s}
        try:
            async with asyncio.timeout(timeout_s + MARGIN_S):
                client = await self._opened()
                body = await client.raw_query(
                    sql,
                    parameters=dict(parameters or {}),
                    settings={**QUERY_SETTINGS, **limits},
                    fmt=ANSWER_FORMAT,
                )
        except TimeoutError as exc:
            # others were before it; that the engine is busy says nothing of its health
            raise SinkUnavailable(f"no answer within {timeout_s + MARGIN_S:.0f} s") from exc
        except FOREIGN as exc:
            raise of_query(self._failed(exc, writing=False)) from exc
        self._state = "ok"
        return await rows_of(body)

    async def close(self) -> None:
        """Let go of connections."""
        self._state = "closed"
        opening, client, self._client = self._opening, self._client, None
        if opening is not None:
            opening.cancel()
            await asyncio.wait({opening})
        await _close(client)

    async def _opened(self) -> Any:
        """The client, the schema being up to date; who asks meanwhile waits for the same attempt.

        Raises: SinkUnavailable.
        """
        if self._state == "closed":
            raise SinkUnavailable("closed")
        if self._client is not None:
            return self._client
        if self._opening is None:
            self._opening = spawn(self._try_open(), name="analytics-open")
        opening = self._opening
        # it goes on when one of those who wait for it is cancelled
        await asyncio.wait({opening})
        outcome = SinkUnavailable("closed") if opening.cancelled() else opening.result()
        if isinstance(outcome, SinkUnavailable):
            raise SinkUnavailable(str(outcome)) from outcome
        return outcome

    async def _try_open(self) -> Any:
        """The client, or why there is none, for everybody who waits."""
        try:
            self._client = await self._open()
        except SinkUnavailable as exc:
            return exc
        finally:
            self._opening = None
        return self._client

    async def _open(self) -> Any:
        client = None
        try:
            async with asyncio.timeout(self._insert_timeout_s):
                client = await connect(self.address, self._insert_timeout_s)
                version = await migrate(client, self._known)
        except BaseException as exc:
            await _close(client)
            if not isinstance(exc, FOREIGN):
                raise
            fault = fault_of(exc)
            self._state = fault.state
            raise SinkUnavailable(fault.detail) from exc
        if version is not None:
            await client.close()
            self._state = "schema_newer"
            raise SinkUnavailable(
                f"its schema has version {version}, which this build does not know: upgrade it"
            )
        self._state = "ok"
        return client

    def _failed(self, error: Exception, *, writing: bool) -> Fault:
        """Note a fault; a statement that is at fault itself says nothing of the engine."""
        fault = fault_of(error)
        if self._state == "closed":
            return Fault(None, "closed")
        if fault.code in NOT_THERE:
            client, self._client = self._client, None
            spawn(_close(client), name="analytics-close")
        of_engine = fault.state != "down" or fault.code is None
        if of_engine or (writing and fault.code not in BAD_DATA):
            self._state = fault.state
        return fault


async def _close(client: Any) -> None:
    if client is not None:
        await client.close()
