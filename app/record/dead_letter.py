"""The dead letter: a message no agent could handle, kept whole."""

from datetime import datetime
from typing import Literal

from pydantic import Base64Bytes

from app.record.model import WireModel

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
    """Raw key and value as they were read (base64 on the wire), why, where, and how often tried."""

    schema_version: Literal[1] = 1
    reason: DeadLetterReason
    detail: str
    origin: Origin
    stage: str
    attempt: int
    dead_at: datetime
    raw_key: Base64Bytes | None
    raw_value: Base64Bytes | None
