"""One exchange: fed by the relay while it passes, asked once for its record."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from app.clock import utc
from app.errors import RecordError
from app.record.bodies import BodyEnvelope
from app.record.build import build_record
from app.record.draft import draft_of, drafted
from proxy.capture.call_fields import fields_of_call, user_of
from proxy.capture.large import Begin, LargeBodies, LargeBody, Side
from proxy.capture.request_side import RequestSide
from proxy.capture.response_head import ResponseHead
from proxy.capture.response_side import ResponseSide
from proxy.capture.scrubbing import scrub_text
from proxy.capture.timings import Marks, tokens_per_s
from proxy.capture.verdict import verdict
from proxy.capture.whole import WholeRequest, WholeResponse, is_whole
from proxy.dialects.base import RequestFacts, ResponseFacts
from proxy.dialects.paths import model_in, stream_in
from proxy.dialects.table import dialect_state
from proxy.exchange import CallMeta, CaptureLimits, Ending, Finished, Stamp

FAILED: Final = "capture_failed"
USER_TOO_LONG: Final = "user_too_long"


class Capture:
    """What is remembered of an exchange; `dialect_family` is the upstream's.

    Every `at_s` is a reading of the monotonic clock that `meta.started_mono_s` is from. Feeding
    never raises: should reading fail, it stops, bytes are counted on and `capture_failed` is noted.
    """

    __slots__ = (
        "_dialect",
        "_family",
        "_larger",
        "_limits",
        "_marks",
        "_meta",
        "_notes",
        "_provider_request_id",
        "_request",
        "_response",
    )

    def __init__(
        self,
        meta: CallMeta,
        limits: CaptureLimits,
        dialect_family: str,
        larger: LargeBodies | None = None,
    ) -> None:
        """`larger` keeps bodies that are over the limit of a copy; without it nobody does."""
        self._meta = meta
        self._larger = larger
        self._limits = limits
        self._family = dialect_family
        self._dialect = dialect_state(dialect_family, meta.path, meta.method)
        self._marks = Marks(meta.started_mono_s)
        self._notes: list[str] = []
        self._provider_request_id: str | None = None
        self._request: RequestSide | WholeRequest = WholeRequest(meta, self._dialect)
        self._response: ResponseSide | WholeResponse | None = None

    @property
    def ended(self) -> bool:
        """Whether a stream's own end mark has come: a client that leaves now missed nothing."""
        return self._dialect.ended

    @property
    def request_bytes(self) -> int:
        """Bytes of the request's body so far."""
        return self._request.size_bytes

    @property
    def response_bytes(self) -> int:
        """Bytes of the response's body so far."""
        return self._response.size_bytes if self._response is not None else 0

    def feed_request(self, chunk: bytes) -> None:
        """Some of the request's body, as it came from the client."""
        request = self._request
        if isinstance(request, WholeRequest):
            if not chunk or request.takes(chunk, self._limits):
                return
            self._request = RequestSide(
                self._meta, self._limits, self._dialect, self._begin("request")
            )
            self._request.feed(request.data)
            request = self._request
        request.feed(chunk)

    def request_sent(self, at_s: float, waited_s: float = 0.0) -> None:
        """The request's last byte has gone up.

        `waited_s` is how much of the time since the start was spent waiting for others: for the
        client's body, for a connection.
        """
        self._marks.request_sent_s = at_s
        self._marks.waited_s = waited_s

    def response_started(
        self,
        status: int,
        content_type: str,
        content_encoding: str,
        provider_request_id: str | None,
        at_s: float,
    ) -> None:
        """The response's head has come; header values as the upstream sent them."""
        self._marks.response_started_s = at_s
        self._provider_request_id = provider_request_id or None
        head = ResponseHead(status, content_type, content_encoding)
        if is_whole(head, self._limits, in_elements=stream_in(self._meta.path)):
            self._response = WholeResponse(head, self._meta, self._dialect)
        else:
            self._response = self._response_side(head)

    def feed_response(self, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        """Some of the response's body, no chunk empty, and its times; nothing before the head."""
        response = self._response
        if response is None:
            return
        if self._marks.first_byte_s is None:
            self._marks.first_byte_s = times_s[0]
        try:
            if isinstance(response, WholeResponse):
                if response.takes(chunks):
                    return
                response = self._spread(response)
            response.feed(chunks, times_s)
        except Exception:  # noqa: BLE001 - counted; whatever fails here, the client is served
            self._fail()

    def _spread(self, whole: WholeResponse) -> ResponseSide:
        """The response is larger than was thought."""
        response = self._response = self._response_side(whole.head)
        first_s = self._marks.first_byte_s or 0.0
        response.feed(whole.chunks, [first_s] * len(whole.chunks))
        return response

    def _response_side(self, head: ResponseHead) -> ResponseSide:
        return ResponseSide(
            head,
            self._limits,
            self._dialect,
            omit=self._meta.identity.omit_response,
            begin=self._begin("response"),
            secrets=self._meta.secrets,
            in_elements=stream_in(self._meta.path),
        )

    def larger(self) -> list[LargeBody]:
        """The bodies that go elsewhere: of those that are open at the end, `finish` keeps none."""
        response = self._response.large if self._response is not None else None
        return [large for large in (self._request.large, response) if large is not None]

    def finish(self, ending: Ending, at_s: float, stamp: Stamp) -> Finished:
        """The record and the bodies to keep; to be called once, after the last byte.

        Raises: RecordError where `meta` or `stamp` is malformed, never for any bytes that passed.
        """
        self._marks.ended_s = at_s
        try:
            return self._finished(ending, stamp)
        except RecordError:
            raise
        except Exception:  # noqa: BLE001 - counted; a record without its facts is better than none
            self._fail()
            for each in self.larger():
                each.give_up()
        return self._unread(ending, stamp)

    def _finished(self, ending: Ending, stamp: Stamp) -> Finished:
        asked = self._read_request()
        request, response, meta = self._request, self._response, self._meta
        facts, truncated = self._read_response()
        error, status, pace = facts.error, None, None
        fields = fields_of_call(meta, self._family, stamp)
        fields["request_bytes"] = request.size_bytes
        if response is not None:
            pace, status = response.pace, response.head.status
            fields["response_bytes"] = response.size_bytes
            error = error or response.error_text()
        outcome, error = verdict(ending, status, error, facts, truncated=truncated)
        bodies = self._bodies(fields)
        fields["user"], is_too_long = user_of(meta, asked)
        if is_too_long:
            self._note(USER_TOO_LONG)
        fields["outcome"] = outcome
        streamed = response is not None and response.is_stream
        fields["stream"] = asked.stream or streamed or stream_in(meta.path)
        fields["timings_ms"] = self._marks.timings_ms(pace)
        if facts.usage is not None:
            fields["usage"] = facts.usage
        known = (
            ("status", status),
            ("error", error and scrub_text(error, meta.secrets)),
            ("model_requested", asked.model or model_in(meta.path)),
            ("model", meta.identity.model_override or facts.model),
            ("finish_reason", facts.finish_reason),
            ("provider_request_id", self._provider_request_id or facts.provider_id),
            ("service_tier", facts.service_tier),
            ("reported_cost_nano_usd", facts.reported_cost_nano_usd),
            ("output_tokens_per_s", pace and tokens_per_s(facts.usage, pace)),
            ("body_ref", bodies and self._body_ref(bodies)),
        )
        for name, value in known:
            if value is not None:
                fields[name] = value
        notes = (*self._notes, *request.notes, *(response.notes if response else ()))
        return Finished(draft_of(fields), bodies, notes)

    def _unread(self, ending: Ending, stamp: Stamp) -> Finished:
        """What remains when reading the exchange failed: no facts, no bodies."""
        status = self._response.head.status if self._response is not None else None
        outcome, error = verdict(ending, status, None, ResponseFacts(), truncated=False)
        fields = fields_of_call(self._meta, self._family, stamp)
        fields |= {"request_bytes": self.request_bytes, "response_bytes": self.response_bytes}
        record = build_record(
            **fields,
            status=status,
            outcome=outcome,
            error=scrub_text(error, self._meta.secrets),
            provider_request_id=self._provider_request_id,
            timings_ms=self._marks.timings_ms(None),
        )
        return Finished(drafted(record), None, tuple(self._notes))

    def _read_request(self) -> RequestFacts:
        try:
            return self._request.read()
        except Exception:  # noqa: BLE001 - counted; the response can still be read
            self._note(FAILED)
            return RequestFacts()

    def _read_response(self) -> tuple[ResponseFacts, bool]:
        """What the response says, and whether it was cut short."""
        if self._response is None:
            return ResponseFacts(), False
        try:
            return self._response.finish()
        except Exception:  # noqa: BLE001 - counted; the rest of the record is as good as ever
            self._fail()
            return ResponseFacts(), False

    def _bodies(self, known: dict[str, Any]) -> BodyEnvelope | None:
        """The bodies to keep; what became of each is noted among what is `known`."""
        request, response = self._request.part(), None
        known["request_body"] = "kept" if request is not None else self._request.state
        if self._response is not None:
            response = self._response.part()
            known["response_body"] = "kept" if response is not None else self._response.state
        if request is None and response is None:
            return None
        return BodyEnvelope(
            known["tenant"], known["request_id"], known["started_at"], request, response
        )

    def _body_ref(self, bodies: BodyEnvelope | None) -> str | None:
        """How the record names its bodies: by the request id, or by the address of large ones."""
        if bodies is None:
            return None
        for part in (bodies.request, bodies.response):
            if part is not None and part.stored is not None and self._larger is not None:
                return self._larger.address(part.stored)
        return f"bodies/{self._meta.request_id}"

    def _begin(self, side: Side) -> Begin | None:
        """How a body of this call begins to go elsewhere."""
        if self._larger is None:
            return None
        meta = self._meta
        return partial(
            self._larger.begin, meta.tenant, utc(meta.started_at_s), meta.request_id, side
        )

    def _fail(self) -> None:
        """Reading the response failed: it is not tried again."""
        self._note(FAILED)
        if self._response is not None:
            self._response.stop_reading()

    def _note(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)
