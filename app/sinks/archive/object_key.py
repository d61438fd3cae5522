"""The names of objects: `tenant/date/epoch/topic/partition/first-last-hash`.

Tenant and date come first, so that deletion and lifecycle rules work by prefix. The rest makes the
name a function of the object's bytes and of where its messages were read: batches fall differently
when messages are read again, so a replay may add an object, but only ever writes one again that is
the same to the byte.
"""

from datetime import date
from hashlib import sha256
from urllib.parse import quote

from app.sinks.archive.segment import Source

OFFSET_DIGITS = 20
HASH_DIGITS = 16


def object_key(source: Source, day: date, first_offset: int, last_offset: int, data: bytes) -> str:
    """The name of an object that holds `data`; no part of it is a path of its own or empty."""
    span = f"{first_offset:0{OFFSET_DIGITS}d}-{last_offset:0{OFFSET_DIGITS}d}"
    return "/".join(
        (
            source.tenant,
            day.isoformat(),
            _one_part(source.epoch),
            _one_part(source.topic),
            str(source.partition),
            f"{span}-{sha256(data).hexdigest()[:HASH_DIGITS]}",
        )
    )


def _one_part(text: str) -> str:
    """The text without slashes; stores that keep objects in folders take `..` for the one above."""
    quoted = quote(text, safe="")
    return quoted.replace(".", "%2E") if quoted.strip(".") == "" else quoted
