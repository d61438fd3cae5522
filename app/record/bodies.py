"""The bodies of one exchange, as the message on the topic `bodies`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Bytes that lie in the object store already, as an object of their own, and their CRC-32."""

    object: str
    size_bytes: int
    crc32: int


@dataclass(slots=True, init=False)
class BodyPart:
    """One side's bytes exactly as they passed, with the headers needed to read them.

    A large body's bytes are `stored` instead; `data` is empty then.
    """

    content_type: Final[str]
    content_encoding: Final[str]
    data: Final[bytes]
    stored: Final[StoredBody | None]

    def __init__(
        self,
        content_type: str,
        content_encoding: str,
        data: bytes,
        stored: StoredBody | None = None,
    ) -> None:
        self.content_type = content_type
        self.content_encoding = content_encoding
        self.data = data
        self.stored = stored

    @property
    def size_bytes(self) -> int:
        """How many bytes the body has, wherever they are."""
        return len(self.data) if self.stored is None else self.stored.size_bytes


@dataclass(slots=True, init=False)
class BodyEnvelope:
    """Both sides of an exchange; a side is None when it was empty, omitted or too large."""

    tenant: Final[str]
    request_id: Final[str]
    started_at: Final[datetime]
    request: Final[BodyPart | None]
    response: Final[BodyPart | None]

    def __init__(
        self,
        tenant: str,
        request_id: str,
        started_at: datetime,
        request: BodyPart | None,
        response: BodyPart | None,
    ) -> None:
        self.tenant = tenant
        self.request_id = request_id
        self.started_at = started_at
        self.request = request
        self.response = response
