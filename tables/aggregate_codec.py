"""Aggregate to bytes and back: a version byte, then a JSON array with fixed places, compressed.

JSON, because its parser is the fastest way in Python to some hundred numbers; an array, because
names in every value would double it; zstd at its fastest level, because every record writes a whole
value to the changelog and digits shrink to less than half. Version 2 differs from 1 only in that
some number is beyond 64 bits, which the fast parser refuses: the standard library reads it. Rows
that an older build wrote lack the columns that came later: they are read as 0.

Size: about 2 KB for a user with thousands of calls; never more than `MAX_BYTES`, even uncompressed,
while no total has over 16 digits. Compressor and decompressor belong to one thread, the loop's.
"""

import json
from typing import Any

import orjson
import zstandard

from app.errors import RecordError
from tables.aggregate import Aggregate
from tables.by_model import ByModel
from tables.histogram import Histogram
from tables.tally import widened

VERSION = b"\x01"
VERSION_BIG = b"\x02"
MAX_BYTES = 32 * 1024
_compress = zstandard.ZstdCompressor(level=1, write_content_size=True).compress
_decompress = zstandard.ZstdDecompressor().decompress


def encode(aggregate: Aggregate) -> bytes:
    """The value to put into the table."""
    places = [
        aggregate.totals,
        aggregate.outcomes,
        *aggregate.latency,
        *aggregate.first_token,
        *aggregate.models,
        *aggregate[5:],
    ]
    try:
        return VERSION + _compress(orjson.dumps(places))
    except orjson.JSONEncodeError:
        return VERSION_BIG + _compress(json.dumps(places, separators=(",", ":")).encode())


def decode(value: bytes) -> Aggregate:
    """The aggregate in a table's value.

    Raises: RecordError (`step_failed`) for a version this build does not know, or for damage.
    """
    places = _places(value)
    try:
        totals, outcomes, latency_at, latency, first_at, first, named, other, *rest = places
        return Aggregate(
            widened(totals),
            outcomes,
            Histogram(latency_at, latency),
            Histogram(first_at, first),
            ByModel({name: widened(row) for name, row in named.items()}, widened(other)),
            *rest,
        )
    except (TypeError, ValueError, AttributeError) as exc:
        raise RecordError("step_failed", f"damaged aggregate: {exc}") from exc


def _places(value: bytes) -> Any:
    version, body = value[:1], value[1:]
    try:
        if version == VERSION:
            return orjson.loads(_decompress(body))
        if version == VERSION_BIG:
            return json.loads(_decompress(body))
    except (ValueError, zstandard.ZstdError) as exc:
        raise RecordError("step_failed", f"damaged aggregate: {exc}") from exc
    raise RecordError("step_failed", f"aggregate of unknown version {version.hex() or 'none'}")
