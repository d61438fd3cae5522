"""What a producer says of one tenant's minute; absolute, so that the last word counts."""

from datetime import UTC, datetime

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.clock import MINUTE_S
from app.errors import RecordError

UNKNOWN_TENANT = "?"


class Counts(BaseModel):
    """One producer, tenant and minute of `produced_at` (minutes since the Unix epoch).

    `durable` records were acknowledged or spilled; `dropped` are records by reason, `killed` among
    them: those that a killed process had neither made durable nor dropped.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    producer_id: str
    tenant: str
    minute: int
    proxied: int = 0
    sampled_out: int = 0
    durable: int = 0
    dropped: dict[str, int] = Field(default_factory=dict)
    last_sequence: int = -1
    final: bool = False

    @property
    def key(self) -> bytes:
        """The message's key: the topic keeps the last of each."""
        return f"{self.producer_id}|{self.tenant}|{self.minute}".encode()

    @property
    def pending(self) -> int:
        """Records that are neither durable nor given up."""
        given_up = self.sampled_out + sum(self.dropped.values())
        return max(0, self.proxied - given_up - self.durable)

    def encode(self) -> bytes:
        """As it is sent."""
        return self.model_dump_json().encode()


def decode_counts(value: bytes | None) -> Counts:
    """A message's counts. Raises: RecordError (`invalid`)."""
    try:
        return Counts.model_validate(orjson.loads(value or b""))
    except (orjson.JSONDecodeError, ValidationError) as exc:
        raise RecordError("invalid", "these are no counts") from exc


def shown_minute(minute: int) -> str:
    """A minute as people read it, in UTC."""
    return datetime.fromtimestamp(minute * MINUTE_S, UTC).strftime("%Y-%m-%dT%H:%MZ")
