"""One call under way: a copy of what passes goes to its capture, and one record comes of it.

Whatever fails in here is counted and logged and never felt by the client: a capture that fails is
replaced by one that saw no bytes, so that the call still has its record.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from app.access.directory import ANYBODY, Principal
from app.errors import RelayRefused, UpstreamError
from app.record.model import DEFAULT_TENANT, Outcome
from app.tally import Tally
from proxy.capture.large import LargeBody
from proxy.exchange import CallMeta, CaptureLimits, Ending, Finished, Stamp
from proxy.identity import PropertyLimits, read_identity
from proxy.relay.finishing import Finishing
from proxy.relay.headers import RequestHead, ResponseHead
from proxy.relay.recording import CallCapture, Recorder
from proxy.relay.secrets import credentials_of
from proxy.relay.upstreams import Upstream
from proxy.upstream.protocol import UpstreamResponse

__all__ = ["Call", "Calls", "Recorder"]

logger = logging.getLogger(__name__)
CLIENT_LEFT = "the client left before the end"
NO_KEY = RelayRefused(401, "invalid_api_key", "Tailrace-Auth: Bearer <key> is missing or wrong")
Settled = UpstreamResponse | UpstreamError
Authorize = Callable[[Sequence[tuple[bytes, bytes]]], Principal | None]


class Calls:
    """Opens calls, and counts what becomes of them."""

    def __init__(self, recorder: Recorder, authorize: Authorize | None = None) -> None:
        """`authorize` says whose call it is by its own fields; None refuses it."""
        self.recorder = recorder
        self._authorize = authorize
        self._loop: asyncio.AbstractEventLoop | None = None
        settings = recorder.settings
        self._properties = PropertyLimits(settings.max_properties, settings.max_property_bytes)
        self.finishing = Finishing(recorder.large_wait_s)
        self._completed: list[tuple[Call, float]] = []
        self._relayed: dict[tuple[str, str], Tally] = {}
        self._limits = CaptureLimits(settings.max_body_bytes, settings.max_decoded_bytes)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that calls are relayed on."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def open(self, method: str, upstream: Upstream, target: str, head: RequestHead) -> "Call":
        """The call whose head has just come."""
        clock = self.recorder.clock
        identity = read_identity(head.own, self._properties)
        if identity.properties_dropped:
            self.recorder.metrics.properties_dropped_total.inc(identity.properties_dropped)
        place = upstream.place(target)
        principal = ANYBODY if self._authorize is None else self._authorize(head.own)
        meta = CallMeta(
            tenant=DEFAULT_TENANT if principal is None else principal.tenant,
            key_id=None if principal is None else principal.key_id,
            request_id=self.recorder.ids.request_id(),
            provider=upstream.name,
            upstream_url=place.url,
            path=place.path,
            method=method,
            started_at_s=clock.now_s(),
            started_mono_s=clock.monotonic_s(),
            user=identity.user,
            session_id=identity.session_id,
            session_name=identity.session_name,
            session_path=identity.session_path,
            properties=identity.properties,
            client_request_id=identity.client_request_id,
            model_override=identity.model_override,
            client_retry_count=identity.client_retry_count,
            traceparent=identity.traceparent,
            omit_request=identity.omit_request,
            omit_response=identity.omit_response,
            request_content_type=head.content_type.decode("latin-1"),
            request_content_encoding=head.content_encoding.decode("latin-1"),
            secrets=credentials_of(head, target, upstream),
        )
        refusal = NO_KEY if principal is None else identity.refusal
        return Call(self, meta, place.dialect, refusal)

    def new_capture(self, meta: CallMeta, dialect: str) -> CallCapture:
        """A capture within the configured limits."""
        return self.recorder.new_capture(meta, self._limits, dialect)

    def completed(self, call: "Call") -> None:
        """Finish a call that went well once the loop has sent what was written for it.

        Not much later: what its record is made of would have to be fetched from memory again.
        """
        if not self._completed:
            self.loop.call_soon(self.finish_completed)
        self._completed.append((call, self.recorder.clock.monotonic_s()))

    def finish_completed(self) -> None:
        """Finish those now."""
        completed, self._completed = self._completed, []
        for call, at_s in completed:
            call.finish("completed", at_s=at_s)

    def count_relayed(self, upstream: str, outcome: Outcome) -> None:
        """A call gave its record."""
        tally = self._relayed.get((upstream, outcome))
        if tally is None:
            metrics = self.recorder.metrics
            counter = metrics.relayed_total.labels(upstream, outcome)
            tally = self._relayed[upstream, outcome] = metrics.tallies.counter(counter)
        tally.number += 1

    def count_unrelayed(self, reason: str) -> None:
        """A call was refused before any upstream was known."""
        self.recorder.metrics.unrelayed_total.labels(reason).inc()

    def count_failure(self, stage: str) -> None:
        """A capture failed; to be called where its exception is handled."""
        self.recorder.metrics.capture_failures_total.labels(stage).inc()
        logger.exception("the capture of a call failed: %s", stage)


class Call:
    """One call. `sending` and `response` are the upstream's side of it while it is under way."""

    __slots__ = (
        "_calls",
        "_capture",
        "_clock",
        "_finished",
        "_meta",
        "_started",
        "dialect",
        "refusal",
        "request_complete",
        "response",
        "sending",
    )

    def __init__(
        self, calls: Calls, meta: CallMeta, dialect: str, refusal: RelayRefused | None
    ) -> None:
        self._calls = calls
        self._meta = meta
        self._clock = calls.recorder.clock
        self._capture: CallCapture | None = calls.new_capture(meta, dialect)
        self._started: tuple[int, str, str, str | None, float] | None = None
        self._finished = False
        self.dialect = dialect
        self.refusal = refusal
        self.request_complete = False
        self.sending: asyncio.Task[Settled] | None = None
        self.response: UpstreamResponse | None = None

    @property
    def request_id(self) -> str:
        """Our id of the call."""
        return self._meta.request_id

    @property
    def path(self) -> str:
        """The path that was asked for, without its query."""
        return self._meta.path

    @property
    def answered(self) -> bool:
        """Whether the client has all that the answer says, its last bytes of framing apart."""
        return self._capture is not None and self._capture.ended

    def feed_request(self, chunk: bytes) -> None:
        """A copy of some of the request's body."""
        if self._capture is not None:
            try:
                self._capture.feed_request(chunk)
            except Exception:  # noqa: BLE001 - counted; the call goes on without a copy
                self._lose_capture()

    def request_sent(self, waited_s: float = 0.0) -> None:
        """The request's last byte is handed over, others having been waited for so long."""
        self.request_complete = True
        if self._capture is not None:
            try:
                self._capture.request_sent(self._clock.monotonic_s(), waited_s)
            except Exception:  # noqa: BLE001 - counted; the call goes on without a copy
                self._lose_capture()

    def response_started(self, status: int, head: ResponseHead) -> None:
        """The upstream's head came."""
        self._started = (
            status,
            head.content_type.decode("latin-1"),
            head.content_encoding.decode("latin-1"),
            head.provider_request_id.decode("latin-1") or None,
            self._clock.monotonic_s(),
        )
        if self._capture is not None:
            try:
                self._capture.response_started(*self._started)
            except Exception:  # noqa: BLE001 - counted; the call goes on without a copy
                self._lose_capture()

    def feed_response(self, chunk: bytes) -> None:
        """A copy of some of the response's body."""
        if self._capture is not None:
            try:
                self._capture.feed_response(chunk, self._clock.monotonic_s())
            except Exception:  # noqa: BLE001 - counted; the call goes on without a copy
                self._lose_capture()

    def abort(self) -> None:
        """Give up the upstream's side, whatever there is of it."""
        if self.sending is not None:
            self.sending.cancel()
        if self.response is not None:
            self.response.abort()

    def finish(self, outcome: Outcome, error: str | None = None, at_s: float | None = None) -> None:
        """Make the record and give it away; only the first end counts. It ended `at_s`, or now."""
        if self._finished:
            return
        self._finished = True
        ending = Ending(outcome, error)
        at_s = self._clock.monotonic_s() if at_s is None else at_s
        if larger := self._larger():
            self._calls.finishing.take(larger, lambda: self._give(ending, at_s))
        else:
            self._give(ending, at_s)

    def _give(self, ending: Ending, at_s: float) -> None:
        sink = self._calls.recorder.sink
        try:
            finished = self._record(ending, at_s, sink.stamp())
            sink.offer(finished)
            self._calls.count_relayed(self._meta.provider, finished.draft.fields["outcome"])
        except Exception:  # noqa: BLE001 - counted; the response is out already
            self._calls.count_failure("finish")

    def _larger(self) -> Sequence[LargeBody]:
        """The bodies that go elsewhere."""
        return () if self._capture is None else self._capture.larger()

    def _record(self, ending: Ending, at_s: float, stamp: Stamp) -> Finished:
        if self._capture is not None:
            try:
                return self._capture.finish(ending, at_s, stamp)
            except Exception:  # noqa: BLE001 - counted; a record without its copy is made
                self._lose_capture()
        capture = self._calls.new_capture(self._meta, self.dialect)
        if self._started is not None:
            capture.response_started(*self._started)
        return capture.finish(ending, at_s, stamp)

    def _lose_capture(self) -> None:
        larger, self._capture = self._larger(), None
        for body in larger:
            body.give_up()
        self._calls.count_failure("capture")
