"""The header of a body envelope: which exchange it is of, and how its two sides are to be read."""

from app.record.fields import Count, Line, RequestId, Tenant, UtcTime
from app.record.model import WireModel


class StoredHeader(WireModel):
    """The object that holds one side's bytes."""

    object: Line
    size_bytes: Count
    crc32: Count


class PartHeader(WireModel):
    """What is needed to read one side's bytes; `length_bytes` of them are in the envelope."""

    content_type: Line
    content_encoding: Line
    length_bytes: Count
    stored: StoredHeader | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes the body has, wherever they are."""
        return self.length_bytes if self.stored is None else self.stored.size_bytes


class EnvelopeHeader(WireModel):
    """The identity of the exchange and the sides that follow."""

    tenant: Tenant
    request_id: RequestId
    started_at: UtcTime
    request: PartHeader | None = None
    response: PartHeader | None = None
