"""The dead letter: a message no agent could handle, kept whole."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, ValidationError

from app.record.fields import Count, UtcTime
from app.record.model import WireModel

ATTEMPT_HEADER = "tailrace-attempt"
"""Kafka header of a message that was sent again after it had died: how often, in digits."""
ORIGIN_HEADER = "tailrace-origin"
"""Kafka header of such a message: the `Origin` it had at first, as JSON."""
MAX_RAW_KEY_BYTES = 64 << 10
MAX_RAW_VALUE_BYTES = 11 << 20
MAX_DETAIL_CHARS = 1000

DeadLetterReason = Literal[
    "undecodable",
    "unknown_version",
    "invalid",
    "too_large",
    "too_old_to_dedupe",
    "step_failed",
    "sink_refused",
    "attempts_exhausted",
]


class Origin(WireModel):
    """Where the message was read."""

    topic: str
    partition: int
    offset: int
    epoch: str


def origin_in(header: bytes | None) -> Origin | None:
    """The origin in a Kafka header; None without one, or where somebody else wrote it."""
    try:
        return Origin.model_validate_json(header or b"null")
    except ValidationError:
        return None


class DeadLetter(WireModel):
    """Raw key and value as they were read, why, where, and how often tried.

    The raw bytes are plain `bytes` in Python and base64 with the URL-safe alphabet (RFC 4648 §5)
    on the wire. `cut_bytes` says how much of a giant key or value was left out; absent: none.
    `first_origin` is where the message lay before it was sent again; absent: it never was.
    Agents build with `DeadLetter.of`, which never fails for what a message contains.
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
    first_origin: Origin | None = None

    @classmethod
    def of(
        cls,
        reason: DeadLetterReason,
        detail: str,
        *,
        origin: Origin,
        stage: str,
        attempt: int,
        dead_at: datetime,
        raw_key: bytes | None,
        raw_value: bytes | None,
        first_origin: Origin | None = None,
    ) -> "DeadLetter":
        """A dead letter that fits into its topic: detail, key and value are cut where too long."""
        kept_key = None if raw_key is None else raw_key[:MAX_RAW_KEY_BYTES]
        kept_value = None if raw_value is None else raw_value[:MAX_RAW_VALUE_BYTES]
        whole_bytes = len(raw_key or b"") + len(raw_value or b"")
        return cls(
            reason=reason,
            detail=detail[:MAX_DETAIL_CHARS].encode("utf-8", "replace").decode(),
            origin=origin,
            stage=stage,
            attempt=attempt,
            dead_at=dead_at,
            raw_key=kept_key,
            raw_value=kept_value,
            cut_bytes=whole_bytes - len(kept_key or b"") - len(kept_value or b""),
            first_origin=first_origin,
        )
