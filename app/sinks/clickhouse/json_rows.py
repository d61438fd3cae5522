"""Rows to the lines of ClickHouse's JSON formats and back, a slice at a time.

The loop that relays calls is never held for longer than a slice takes, well under a millisecond.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from app.errors import SinkRefused, SinkUnavailable

SLICE_ROWS = 50
INSERT_FORMAT = "JSONCompactEachRow"
ANSWER_FORMAT = "JSONEachRow"


async def slices_of(rows: Sequence[Sequence[Any]]) -> list[bytes]:
    """The rows as `JSONCompactEachRow`, in slices of whole lines.

    Raises: SinkRefused for a value that JSON cannot hold.
    """
    slices: list[bytes] = []
    for start in range(0, len(rows), SLICE_ROWS):
        part = rows[start : start + SLICE_ROWS]
        try:
            slices.append(b"".join([orjson.dumps(row) + b"\n" for row in part]))
        except (orjson.JSONEncodeError, TypeError) as exc:
            raise SinkRefused(f"a row cannot be written: {exc}") from exc
        await asyncio.sleep(0)
    return slices


async def in_turn(slices: Sequence[bytes]) -> AsyncIterator[bytes]:
    """One slice after the other, each sent before the next: a socket takes megabytes at once."""
    for each in slices:
        yield each
        await asyncio.sleep(0)


async def rows_of(body: bytes) -> list[dict[str, Any]]:
    """The rows of an answer in `JSONEachRow`. Raises: SinkUnavailable where it is broken off."""
    lines = [line for line in body.split(b"\n") if line]
    rows: list[dict[str, Any]] = []
    try:
        for start in range(0, len(lines), SLICE_ROWS):
            rows += map(orjson.loads, lines[start : start + SLICE_ROWS])
            await asyncio.sleep(0)
    except orjson.JSONDecodeError as exc:
        raise SinkUnavailable(f"an answer of the engine is broken: {exc}", reached=True) from exc
    return rows
