"""A capture that counts bytes and reads nothing: the least a relay can be tried with."""

from collections.abc import Sequence

from app.clock import utc
from app.record.draft import drafted
from app.record.model import Record, Timings
from proxy.capture.large import LargeBody
from proxy.exchange import CallMeta, CaptureLimits, Ending, Finished, Stamp


class PlainCapture:
    """Makes records without usage and without bodies."""

    def __init__(self, meta: CallMeta, limits: CaptureLimits, dialect: str) -> None:
        self.meta = meta
        self.limits = limits
        self.dialect = dialect
        self.request_bytes = 0
        self.response_bytes = 0
        self.status: int | None = None
        self.provider_request_id: str | None = None
        self.steps: list[str] = []
        self.ended = False
        self.large: list[LargeBody] = []

    def feed_request(self, chunk: bytes) -> None:
        self.request_bytes += len(chunk)
        self.steps.append("feed_request")

    def request_sent(self, at_s: float, waited_s: float) -> None:
        self.steps.append("request_sent")

    def response_started(
        self,
        status: int,
        content_type: str,
        content_encoding: str,
        provider_request_id: str | None,
        at_s: float,
    ) -> None:
        self.status, self.provider_request_id = status, provider_request_id
        self.steps.append("response_started")

    def feed_response(self, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        self.response_bytes += sum(map(len, chunks))
        self.steps.append("feed_response")

    def larger(self) -> list[LargeBody]:
        return self.large

    def finish(self, ending: Ending, at_s: float, stamp: Stamp) -> Finished:
        self.steps.append("finish")
        meta = self.meta
        record = Record(
            tenant=meta.tenant,
            request_id=meta.request_id,
            user=meta.identity.user or "anonymous",
            session_id=meta.identity.session_id,
            session_name=meta.identity.session_name,
            session_path=meta.identity.session_path,
            properties=meta.identity.properties,
            client_request_id=meta.identity.client_request_id,
            client_retry_count=meta.identity.client_retry_count,
            traceparent=meta.identity.traceparent,
            producer_id=stamp.producer_id,
            sequence=stamp.sequence,
            produced_at=stamp.produced_at,
            provider=meta.provider,
            dialect=self.dialect,
            upstream_url=meta.upstream_url,
            path=meta.path,
            method=meta.method,
            started_at=utc(meta.started_at_s),
            request_bytes=self.request_bytes,
            response_bytes=self.response_bytes,
            status=self.status,
            provider_request_id=self.provider_request_id,
            outcome=ending.outcome,
            error=ending.error,
            timings_ms=Timings(total=(at_s - meta.started_mono_s) * 1000),
        )
        return Finished(drafted(record), None)
