"""The file of counters: a header with a checksum, then slots of a fixed size (sans-I/O).

    header   8 magic, 2 version, 2 slot size, 4 capacity, 64 producer id, 4 CRC-32 of those before
    slot     64 tenant, 4 minute, 4 CRC-32 of both, 8 for each counter; little-endian

A slot without a tenant is free. A slot whose name is damaged is left out, never guessed.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from app.accounting.counts import Counts

MAGIC = b"TRACNT1\n"
VERSION = 1
HEADER = struct.Struct("<8sHHI64s")
CHECKSUM = struct.Struct("<I")
NAME = struct.Struct("<64sI")
COUNTERS = ("proxied", "sampled_out", "durable", "overflow", "refused", "shutdown", "spill", "next")
DROPS = ("overflow", "refused", "shutdown", "spill")
SLOT_BYTES = NAME.size + CHECKSUM.size + 8 * len(COUNTERS)
HEADER_BYTES = 128
CAPACITY = 4096
U64 = struct.Struct("<Q")
PLACE = {name: NAME.size + CHECKSUM.size + 8 * n for n, name in enumerate(COUNTERS)}


class Slot(NamedTuple):
    """One tenant's minute."""

    tenant: str
    minute: int
    values: dict[str, int]


def size_bytes(capacity: int = CAPACITY) -> int:
    """How long a file is."""
    return HEADER_BYTES + capacity * SLOT_BYTES


def header(producer_id: str, capacity: int = CAPACITY) -> bytes:
    """The beginning of a file."""
    fields = HEADER.pack(MAGIC, VERSION, SLOT_BYTES, capacity, producer_id.encode()[:64])
    return (fields + CHECKSUM.pack(zlib.crc32(fields))).ljust(HEADER_BYTES, b"\0")


def name(tenant: str, minute: int) -> bytes:
    """The name of a slot."""
    fields = NAME.pack(tenant.encode()[:64], minute)
    return fields + CHECKSUM.pack(zlib.crc32(fields))


def slot_at(index: int) -> int:
    """Where a slot begins."""
    return HEADER_BYTES + index * SLOT_BYTES


def producer_of(data: bytes) -> str | None:
    """Whose file that is; None if it is no file of ours, or of another version."""
    if len(data) < HEADER.size + CHECKSUM.size:
        return None
    fields = data[: HEADER.size]
    magic, version, slot_bytes, _, producer = HEADER.unpack(fields)
    (checksum,) = CHECKSUM.unpack_from(data, HEADER.size)
    if (magic, version, slot_bytes) != (MAGIC, VERSION, SLOT_BYTES):
        return None
    if checksum != zlib.crc32(fields):
        return None
    return str(producer.rstrip(b"\0").decode("utf-8", "replace"))


def slots(data: bytes) -> Iterator[Slot]:
    """The slots in use of a file; a file that was cut short has fewer."""
    for index in range((len(data) - HEADER_BYTES) // SLOT_BYTES):
        start = slot_at(index)
        fields = data[start : start + NAME.size]
        tenant, minute = NAME.unpack(fields)
        (checksum,) = CHECKSUM.unpack_from(data, start + NAME.size)
        if not tenant.rstrip(b"\0") or checksum != zlib.crc32(fields):
            continue
        values = {
            counter: U64.unpack_from(data, start + place)[0] for counter, place in PLACE.items()
        }
        yield Slot(tenant.rstrip(b"\0").decode("utf-8", "replace"), minute, values)


def counts_of(slot: Slot, producer_id: str, *, dead: bool = False) -> Counts:
    """A slot as it is told; of a dead producer what is pending was lost with it."""
    values = slot.values
    dropped = {reason: values[reason] for reason in DROPS if values[reason]}
    counts = Counts(
        producer_id=producer_id,
        tenant=slot.tenant,
        minute=slot.minute,
        proxied=values["proxied"],
        sampled_out=values["sampled_out"],
        durable=values["durable"],
        dropped=dropped,
        last_sequence=values["next"] - 1,
        final=dead,
    )
    if not dead or not counts.pending:
        return counts
    return counts.model_copy(update={"dropped": {**dropped, "killed": counts.pending}})
