"""What relay, capture and publisher tell each other of one exchange.

CallMeta   known before the call: identity, provider, path, times      relay -> capture
Ending     how the relay saw it end                                     relay -> capture
Stamp      producer, sequence and time                                  publisher -> capture
Finished   the record, the bodies to keep, what is to be counted        capture -> publisher
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.record.bodies import BodyEnvelope
from app.record.draft import Draft
from app.record.model import Outcome, Record
from proxy.identity import NOBODY, Identity


class Stamp:
    """A record's place among its producer's: `sequence` has no gaps within one `producer_id`."""

    __slots__ = ("produced_at", "producer_id", "sequence")

    def __init__(self, producer_id: str, sequence: int, produced_at: datetime) -> None:
        self.producer_id: Final = producer_id
        self.sequence: Final = sequence
        self.produced_at: Final = produced_at


class CallMeta:
    """All that is known of a call before it is made; the capture does not change it.

    `identity.user` None leaves the user to the body, and `model_override` None the model to the
    response. `upstream_url` and `path` hold no secrets. `started_at_s` counts from the Unix epoch,
    `started_mono_s` is a reading of the monotonic clock that every later `at_s` is read from.
    `secrets` are the call's credentials, for the capture to keep out of its copies; they go no
    further.
    """

    __slots__ = (
        "identity",
        "key_id",
        "method",
        "path",
        "provider",
        "request_content_encoding",
        "request_content_type",
        "request_id",
        "secrets",
        "started_at_s",
        "started_mono_s",
        "tenant",
        "upstream_url",
    )

    def __init__(
        self,
        *,
        tenant: str,
        request_id: str,
        provider: str,
        upstream_url: str,
        path: str,
        method: str,
        started_at_s: float,
        started_mono_s: float,
        key_id: str | None = None,
        identity: Identity = NOBODY,
        request_content_type: str = "",
        request_content_encoding: str = "",
        secrets: tuple[bytes, ...] = (),
    ) -> None:
        self.tenant = tenant
        self.request_id = request_id
        self.provider = provider
        self.upstream_url = upstream_url
        self.path = path
        self.method = method
        self.started_at_s = started_at_s
        self.started_mono_s = started_mono_s
        self.key_id = key_id
        self.identity = identity
        self.request_content_type = request_content_type
        self.request_content_encoding = request_content_encoding
        self.secrets = secrets


@dataclass(frozen=True, slots=True)
class CaptureLimits:
    """What a capture may hold, in bytes: one body kept, one body decoded, one event of a stream."""

    max_body_bytes: int = 1 << 20
    max_decoded_bytes: int = 64 << 20
    max_event_bytes: int = 1 << 20


class Ending:
    """How the relay saw the exchange end; `error` is a short text without secrets."""

    __slots__ = ("error", "outcome")

    def __init__(self, outcome: Outcome, error: str | None = None) -> None:
        self.outcome: Final[Outcome] = outcome
        self.error: Final = error


@dataclass(slots=True, init=False)
class Finished:
    """An exchange ready to publish; `bodies` is None when neither side is kept.

    `notes` are reasons to be counted, one each: what of the exchange could not be read.
    """

    draft: Draft
    bodies: BodyEnvelope | None
    notes: Sequence[str]

    def __init__(
        self, draft: Draft, bodies: BodyEnvelope | None, notes: Sequence[str] = ()
    ) -> None:
        self.draft = draft
        self.bodies = bodies
        self.notes = notes

    @property
    def record(self) -> Record:
        """The record as whoever reads it will see it."""
        return self.draft.record()
