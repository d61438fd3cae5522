"""Opens the client of an engine, and brings its schema up to date; raises foreign errors."""

import logging
from collections.abc import Sequence
from typing import Any

import clickhouse_connect

from app.sinks.clickhouse.address import Address
from app.sinks.clickhouse.answers import FOREIGN, fault_of
from app.sinks.clickhouse.migrations import (
    APPLIED_TABLE,
    MAKE_APPLIED_TABLE,
    Migration,
    newer,
    pending,
)

logger = logging.getLogger(__name__)
CONNECT_TIMEOUT_S = 5
UNKNOWN_DATABASE = 81


async def connect(address: Address, receive_timeout_s: float) -> Any:
    """A client of the engine; the database is made if it is not there."""
    try:
        return await _client(address, address.database, receive_timeout_s)
    except FOREIGN as exc:
        if fault_of(exc).code != UNKNOWN_DATABASE:
            raise
    maker = await _client(address, None, receive_timeout_s)
    try:
        quoted = address.database.replace("\\", "\\\\").replace("`", "\\`")
        await maker.command(f"CREATE DATABASE IF NOT EXISTS `{quoted}`")
    finally:
        await maker.close()
    return await _client(address, address.database, receive_timeout_s)


async def _client(address: Address, database: str | None, receive_timeout_s: float) -> Any:
    return await clickhouse_connect.get_async_client(
        host=address.host,
        port=address.port,
        interface="https" if address.is_secure else "http",
        username=address.user,
        password=address.password,
        database=database or "default",
        compress=False if address.is_local else "zstd",
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=receive_timeout_s,
        autogenerate_session_id=False,
        client_name="tailrace",
    )


async def migrate(client: Any, known: Sequence[Migration]) -> int | None:
    """Apply what is missing; the version of a schema newer than this build, which is left alone."""
    await client.command(MAKE_APPLIED_TABLE)
    found = await client.query(f"SELECT DISTINCT version FROM {APPLIED_TABLE}")  # noqa: S608
    applied = {int(version) for (version,) in found.result_rows}
    if (version := newer(known, applied)) is not None:
        return version
    for each in pending(known, applied):
        for statement in each.statements:
            await client.command(statement)
        await client.insert(APPLIED_TABLE, [[each.version, each.name]], ["version", "name"])
        logger.info("analytics: applied migration %04d %s", each.version, each.name)
    return None
