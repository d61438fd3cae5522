"""One call under way: a copy of what passes goes to its capture, and one record comes of it.

Whatever fails in here is counted and logged and never felt by the client: a capture that fails is
replaced by one that saw no bytes, so that the call still has its record.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from app.errors import RelayRefused, UpstreamError
from app.record.model import DEFAULT_TENANT, Outcome
from app.tally import Tally
from proxy.capture.large import LargeBody
from proxy.exchange import CallMeta, CaptureLimits, Ending, Finished, Stamp
from proxy.identity import PropertyLimits, read_identity
from proxy.relay.caller import Authorize, caller_of
from proxy.relay.completed import Completed
from proxy.relay.finishing import Finishing
from proxy.relay.headers import RequestHead, ResponseHead
from proxy.relay.recording import CallCapture, Recorder
from proxy.relay.secrets import credentials_of
from proxy.relay.upstreams import Upstream
from proxy.upstream.protocol import UpstreamResponse

__all__ = ["Call", "Calls", "Recorder"]

logger = logging.getLogger(__name__)
HELD_BYTES, HELD_CHUNKS = 8 << 10, 64
CLIENT_LEFT: Final = "the client left before the end"
Settled = UpstreamResponse | UpstreamError


class Calls:
    """Opens calls, and counts what becomes of them."""

    def __init__(self, recorder: Recorder, authorize: Authorize | None = None) -> None:
        """`authorize` says whose call it is by its own fields; None or RelayRefused refuses it."""
        self.recorder = recorder
        self._authorize = authorize
        settings = recorder.settings
        self._properties = PropertyLimits(settings.max_properties, settings.max_property_bytes)
        self.finishing = Finishing(recorder.large_wait_s)
        self.completed = Completed(recorder.clock.monotonic_s)
        self._relayed: dict[tuple[str, str], Tally] = {}
        self._limits = CaptureLimits(settings.max_body_bytes, settings.max_decoded_bytes)

    def open(self, method: str, upstream: Upstream, target: str, head: RequestHead) -> "Call":
        """The call whose head has just come."""
        clock = self.recorder.clock
        self.completed.stirred = True
        identity = read_identity(head.own, self._properties)
        if identity.properties_dropped:
            self.recorder.metrics.properties_dropped_total.inc(identity.properties_dropped)
        place = upstream.place(target)
        principal, refusal = caller_of(self._authorize, head.own)
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
            identity=identity,
            request_content_type=head.content_type.decode("latin-1"),
            request_content_encoding=head.content_encoding.decode("latin-1"),
            secrets=credentials_of(head, target, upstream),
        )
        return Call(self, meta, place.dialect, refusal or identity.refusal)

    def new_capture(self, meta: CallMeta, dialect: str) -> CallCapture:
        """A capture within the configured limits."""
        return self.recorder.new_capture(meta, self._limits, dialect)

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
    """One call: our id of it, its path without the query, and whose API that is.

    `sending` and `response` are the upstream's side of it while it is under way. What passes is
    kept until the end, or until it is more than `HELD_BYTES`: its capture is told of it then, all
    at once, which costs half and delays nobody's first byte.
    """

    __slots__ = (
        "_asked",
        "_calls",
        "_capture",
        "_chunks",
        "_clock",
        "_finished",
        "_held_bytes",
        "_is_lost",
        "_is_start_told",
        "_meta",
        "_sent",
        "_stamp",
        "_started",
        "_times_s",
        "dialect",
        "path",
        "refusal",
        "request_complete",
        "request_id",
        "response",
        "sending",
    )

    def __init__(
        self, calls: Calls, meta: CallMeta, dialect: str, refusal: RelayRefused | None
    ) -> None:
        self._calls = calls
        self._meta = meta
        self.request_id = meta.request_id
        self.path = meta.path
        self._clock = calls.recorder.clock
        self._capture: CallCapture | None = None
        self._is_lost = self._is_start_told = False
        # What passed since the capture was told, in this order.
        self._asked: list[bytes] = []
        self._sent: tuple[float, float] | None = None
        self._started: tuple[int, str, str, str | None, float] | None = None
        self._chunks: list[bytes] = []
        self._times_s: list[float] = []
        self._held_bytes = 0
        self._stamp: Stamp | None = None
        self._finished = False
        self.dialect = dialect
        self.refusal = refusal
        self.request_complete = False
        self.sending: asyncio.Task[Settled] | None = None
        self.response: UpstreamResponse | None = None

    @property
    def answered(self) -> bool:
        """Whether the client has all that the answer says, its last bytes of framing apart."""
        self._catch_up()
        return self._capture is not None and self._capture.ended

    def feed_request(self, chunk: bytes) -> None:
        """A copy of some of the request's body."""
        self._asked.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes > HELD_BYTES:
            self._catch_up()

    def request_sent(self, waited_s: float = 0.0) -> None:
        """The request's last byte is handed over, others having been waited for so long."""
        self.request_complete = True
        self._sent = (self._clock.monotonic_s(), waited_s)

    def response_started(self, status: int, head: ResponseHead) -> None:
        """The upstream's head came."""
        self._started = (
            status,
            head.content_type.decode("latin-1"),
            head.content_encoding.decode("latin-1"),
            head.provider_request_id.decode("latin-1") or None,
            self._clock.monotonic_s(),
        )

    def feed_response(self, chunk: bytes) -> None:
        """A copy of some of the response's body."""
        if not chunk:
            return
        self._chunks.append(chunk)
        self._times_s.append(self._clock.monotonic_s())
        self._held_bytes += len(chunk)
        if self._held_bytes > HELD_BYTES or len(self._chunks) >= HELD_CHUNKS:
            self._catch_up()

    def abort(self) -> None:
        """Give up the upstream's side, whatever there is of it."""
        if self.sending is not None:
            self.sending.cancel()
        if self.response is not None:
            self.response.abort()

    def take_place(self) -> None:
        """The answer is out, or is about to be: it counts, whatever becomes of this process."""
        if self._stamp is None:
            try:
                self._stamp = self._calls.recorder.sink.stamp(self._meta.tenant)
            except Exception:  # noqa: BLE001 - counted; tried again at the end
                self._calls.count_failure("finish")

    def complete(self) -> None:
        """All went well, its place is taken; the record is made when the loop has time."""
        self._calls.completed.add(self._finish_completed)

    def finish(self, outcome: Outcome, error: str | None = None, at_s: float | None = None) -> None:
        """Make the record and give it away; only the first end counts. It ended `at_s`, or now."""
        if self._finished:
            return
        self._finished = True
        self.take_place()
        ending = Ending(outcome, error)
        at_s = self._clock.monotonic_s() if at_s is None else at_s
        if larger := self._larger():
            self._calls.finishing.take(larger, lambda: self._give(ending, at_s))
        else:
            self._give(ending, at_s)

    def _finish_completed(self, at_s: float) -> None:
        self.finish("completed", at_s=at_s)

    def _give(self, ending: Ending, at_s: float) -> None:
        if self._stamp is None:
            # Twice refused a place, and counted so.
            return
        try:
            finished = self._record(ending, at_s, self._stamp)
            self._calls.recorder.sink.offer(finished)
            self._calls.count_relayed(self._meta.provider, finished.draft.fields["outcome"])
        except Exception:  # noqa: BLE001 - counted; the response is out already
            self._calls.count_failure("finish")

    def _larger(self) -> Sequence[LargeBody]:
        """The bodies that go elsewhere."""
        self._catch_up()
        if self._capture is not None:
            try:
                return self._capture.larger()
            except Exception:  # noqa: BLE001 - counted; the call has its record all the same
                self._lose_capture()
        return ()

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

    def _catch_up(self) -> None:
        """Tell the capture of what passed; one that fails is given up, and no other one is told."""
        asked, self._asked = self._asked, []
        chunks, self._chunks = self._chunks, []
        times_s, self._times_s = self._times_s, []
        self._held_bytes = 0
        if not self._is_lost:
            try:
                self._tell(asked, chunks, times_s)
            except Exception:  # noqa: BLE001 - counted; the call goes on without a copy
                self._lose_capture()

    def _tell(self, asked: list[bytes], chunks: list[bytes], times_s: list[float]) -> None:
        capture = self._capture
        if capture is None:
            capture = self._capture = self._calls.new_capture(self._meta, self.dialect)
        for chunk in asked:
            capture.feed_request(chunk)
        if self._sent is not None:
            capture.request_sent(*self._sent)
            self._sent = None
        if self._started is not None and not self._is_start_told:
            self._is_start_told = True
            capture.response_started(*self._started)
        if chunks:
            capture.feed_response(chunks, times_s)

    def _lose_capture(self) -> None:
        capture, self._capture, self._is_lost = self._capture, None, True
        self._calls.count_failure("capture")
        if capture is not None:
            try:
                for body in capture.larger():
                    body.give_up()
            except Exception:  # noqa: BLE001 - counted once more; nobody else knows the bodies
                self._calls.count_failure("capture")
