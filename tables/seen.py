"""The idempotency table's value: where a request id was first counted.

An entry is never changed once it is there, except that the message it names puts it again when it
is redelivered. It stays evidence of a duplicate for as long as it can be read: that RocksDB drops
expired entries only at compaction makes the answer later, never wrong.

Layout, big-endian: version (1 byte), partition (4), offset (8), milliseconds (8), epoch (UTF-8).
"""

import struct
from typing import NamedTuple

from app.engine.contracts import Position
from app.errors import RecordError

VERSION = 1
_HEAD = struct.Struct(">BIQQ")


class Seen(NamedTuple):
    """Where and when (broker's time) a request id was counted."""

    epoch: str
    partition: int
    offset: int
    at_ms: int

    def is_at(self, position: Position) -> bool:
        """Whether the message at `position` is the one that was counted."""
        return (self.offset, self.partition, self.epoch) == (
            position.offset,
            position.partition,
            position.epoch,
        )


def encode(seen: Seen) -> bytes:
    """The value to put into the table: 21 bytes and the epoch."""
    return _HEAD.pack(VERSION, seen.partition, seen.offset, seen.at_ms) + seen.epoch.encode()


def decode(value: bytes) -> Seen:
    """The entry in a table's value. Raises: RecordError (`step_failed`) if it cannot be read."""
    try:
        version, partition, offset, at_ms = _HEAD.unpack_from(value)
        if version != VERSION:
            raise RecordError("step_failed", f"seen entry of unknown version {version}")
        return Seen(value[_HEAD.size :].decode(), partition, offset, at_ms)
    except (struct.error, UnicodeDecodeError) as exc:
        raise RecordError("step_failed", f"damaged seen entry: {exc}") from exc
