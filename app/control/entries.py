"""One entry as a message: the key `kind/key`, the value `{"schema_version": 1, "value": …}`.

A null value removes the entry (a tombstone of a compacted topic).
"""

import re
from typing import NamedTuple

import orjson

from app.errors import RecordError

SCHEMA_VERSION = 1
MAX_VALUE_BYTES = 256 << 10
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEY = re.compile(r"[A-Za-z0-9._|-]{1,256}")


class Name(NamedTuple):
    """What an entry is called."""

    kind: str
    key: str


def encode_name(kind: str, key: str) -> bytes:
    """The message's key. Raises: RecordError (`invalid`)."""
    if _KIND.fullmatch(kind) is None or _KEY.fullmatch(key) is None:
        raise RecordError("invalid", "a kind is a-z0-9_, a key A-Za-z0-9._|- of up to 256")
    return f"{kind}/{key}".encode()


def decode_name(raw: bytes) -> Name | None:
    """What a message's key names; None if this build cannot tell."""
    try:
        kind, found, key = raw.decode().partition("/")
    except UnicodeDecodeError:
        return None
    return Name(kind, key) if found and kind and key else None


def encode_value(value: bytes) -> bytes:
    """The message's value around JSON. Raises: RecordError (`invalid`, `too_large`)."""
    if len(value) > MAX_VALUE_BYTES:
        raise RecordError("too_large", f"{len(value)} bytes, at most {MAX_VALUE_BYTES}")
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError as exc:
        raise RecordError("invalid", f"the value is not JSON: {exc}") from exc
    return b'{"schema_version":%d,"value":%s}' % (SCHEMA_VERSION, value)


def decode_value(raw: bytes) -> bytes | None:
    """The JSON inside; None for what this build does not understand, which is to be kept."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        return None
    return None if "value" not in found else orjson.dumps(found["value"])
