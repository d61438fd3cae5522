"""The bodies of one exchange, as the message on the topic `bodies`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One side's bytes exactly as they passed, with the headers needed to read them."""

    content_type: str
    content_encoding: str
    data: bytes


@dataclass(frozen=True, slots=True)
class BodyEnvelope:
    """Both sides of an exchange; a side is None when it was empty, omitted or too large."""

    tenant: str
    request_id: str
    started_at: datetime
    request: BodyPart | None
    response: BodyPart | None
