"""What relay, capture and publisher tell each other of one exchange.

CallMeta   known before the call: identity, provider, path, times      relay -> capture
Ending     how the relay saw it end                                     relay -> capture
Stamp      producer, sequence and time                                  publisher -> capture
Finished   the record, the bodies to keep, what is to be counted        capture -> publisher
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.record.bodies import BodyEnvelope
from app.record.draft import Draft
from app.record.model import Outcome, Record


class Stamp(NamedTuple):
    """A record's place among its producer's: `sequence` has no gaps within one `producer_id`."""

    producer_id: str
    sequence: int
    produced_at: datetime


@dataclass(slots=True)
class CallMeta:
    """All that is known of a call before it is made; the capture does not change it.

    `user` is the header's, None leaves it to the body, and `model_override` is the client's word
    for the model, None leaves it to the response. `upstream_url` and `path` hold no secrets.
    `started_at_s` counts from the Unix epoch, `started_mono_s` is a reading of the monotonic clock
    that every later `at_s` is read from. `secrets` are the call's credentials, for the capture to
    keep out of its copies; they go no further.
    """

    tenant: str
    request_id: str
    provider: str
    upstream_url: str
    path: str
    method: str
    started_at_s: float
    started_mono_s: float
    user: str | None = None
    session_id: str | None = None
    session_name: str | None = None
    session_path: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    client_request_id: str | None = None
    model_override: str | None = None
    client_retry_count: int | None = None
    traceparent: str | None = None
    key_id: str | None = None
    omit_request: bool = False
    omit_response: bool = False
    request_content_type: str = ""
    request_content_encoding: str = ""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CaptureLimits:
    """What a capture may hold, in bytes: one body kept, one body decoded, one event of a stream."""

    max_body_bytes: int = 1 << 20
    max_decoded_bytes: int = 64 << 20
    max_event_bytes: int = 1 << 20


class Ending(NamedTuple):
    """How the relay saw the exchange end; `error` is a short text without secrets."""

    outcome: Outcome
    error: str | None = None


@dataclass(slots=True)
class Finished:
    """An exchange ready to publish; `bodies` is None when neither side is kept.

    `notes` are reasons to be counted, one each: what of the exchange could not be read.
    """

    draft: Draft
    bodies: BodyEnvelope | None
    notes: Sequence[str] = ()

    @property
    def record(self) -> Record:
        """The record as whoever reads it will see it."""
        return self.draft.record()
