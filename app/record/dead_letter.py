"""The dead letter: a message no agent could handle, kept whole."""

from typing import Literal

from pydantic import ConfigDict

from app.record.fields import Count, UtcTime
from app.record.model import WireModel

MAX_RAW_BYTES = 11 << 20
MAX_DETAIL_CHARS = 1000

DeadLetterReason = Literal[
    "undecodable", "unknown_version", "invalid", "too_large", "too_old_to_dedupe", "step_failed"
]


class Origin(WireModel):
    """Where the message was read."""

    topic: str
    partition: int
    offset: int
    epoch: str


class DeadLetter(WireModel):
    """Raw key and value as they were read, why, where, and how often tried.

    The raw bytes are plain `bytes` in Python and base64 with the URL-safe alphabet (RFC 4648 §5)
    on the wire. `cut_bytes` says how much of a giant value was left out; absent: none.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    schema_version: Literal[1] = 1
    reason: DeadLetterReason
    detail: str
    origin: Origin
    stage: str
    attempt: int
    dead_at: UtcTime
    raw_key: bytes | None
    raw_value: bytes | None
    cut_bytes: Count = 0
