"""What calls are recorded with: small interfaces to capture and publisher, and their bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.clock import Clock
from app.ids import Ids
from app.metrics import Metrics
from config.sections import CaptureSettings
from proxy.capture.large import LargeBody
from proxy.exchange import CallMeta, CaptureLimits, Ending, Finished, Stamp


class RecordSink(Protocol):
    """Where records go; neither call waits for anything."""

    def stamp(self, tenant: str) -> Stamp:
        """The next place among this producer's records: it is proxied from now on."""

    def offer(self, finished: Finished) -> None:
        """Take a finished exchange."""


class CallCapture(Protocol):
    """Makes a record of what it is fed; every `at_s` is of the monotonic clock."""

    @property
    def ended(self) -> bool:
        """Whether a stream's own end mark has come: a client that leaves now missed nothing."""

    def feed_request(self, chunk: bytes) -> None:
        """Some of the request's body."""

    def request_sent(self, at_s: float, waited_s: float, /) -> None:
        """The request's last byte went up, so much of the time being spent waiting for others."""

    def response_started(
        self,
        status: int,
        content_type: str,
        content_encoding: str,
        provider_request_id: str | None,
        at_s: float,
    ) -> None:
        """The response's head came."""

    def feed_response(self, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        """Some of the response's body, at least one chunk, and when each of them came."""

    def larger(self) -> Sequence[LargeBody]:
        """Bodies that go elsewhere; `finish` keeps those that are settled by then."""

    def finish(self, ending: Ending, at_s: float, stamp: Stamp) -> Finished:
        """The record, at the end, once."""


class NewCapture(Protocol):
    """Makes the capture of one call; the last argument is whose API it speaks."""

    def __call__(self, meta: CallMeta, limits: CaptureLimits, dialect: str, /) -> CallCapture:
        """A fresh capture."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """What every call's record is made with; how long a record waits for its large bodies."""

    sink: RecordSink
    new_capture: NewCapture
    clock: Clock
    ids: Ids
    metrics: Metrics
    settings: CaptureSettings
    large_wait_s: float = 30.0
