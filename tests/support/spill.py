"""Spill segments for tests: made in memory, read whole."""

from collections.abc import Sequence

from proxy.publisher.outlet import Outgoing
from proxy.publisher.spill.format import (
    VERSION,
    Frame,
    Header,
    Kind,
    encode_frame,
    encode_header,
    scan,
)

SYNC = bytes.fromhex("f1e2d3c4b5a69788")


def record(number: int, size_bytes: int = 100) -> Outgoing:
    """A record's message, told apart by its number."""
    return Outgoing("t.exchanges", b"default|alice", b"%08d" % number + b"r" * (size_bytes - 8))


def body(number: int, size_bytes: int = 1000) -> Outgoing:
    """A body's message, told apart by its number."""
    return Outgoing("t.bodies", b"%08d" % number, b"%08d" % number + b"b" * (size_bytes - 8))


def segment_of(
    messages: Sequence[Outgoing],
    *,
    sync: bytes = SYNC,
    kind: Kind = "records",
    created_ms: int = 1_700_000_000_000,
    version: int = VERSION,
) -> bytes:
    """A whole segment."""
    data = encode_header(Header(version, kind, sync, created_ms, "test"))
    for message in messages:
        data += b"".join(encode_frame(sync, len(data), message))
    return data


def messages_in(data: bytes, sync: bytes = SYNC) -> list[Outgoing]:
    """What can be read of a segment."""
    return [item.message for item in scan(data, sync) if isinstance(item, Frame)]
