"""The response as it comes down: its copy, decoded and read as events or as one document."""

from dataclasses import dataclass

from app.record.bodies import BodyPart
from app.record.model import BodyState
from proxy.capture.body_copy import BodyCopy
from proxy.capture.large import Begin, LargeBody
from proxy.capture.pace import Pace
from proxy.decoding import Decoder, coding_names
from proxy.dialects.base import DialectState, ResponseFacts
from proxy.dialects.fields import load, short
from proxy.exchange import CaptureLimits
from proxy.sse import Event, SseParser

EVENT_STREAM = "text/event-stream"
MAX_ERROR_TEXT_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """What the head of a response says of its body."""

    status: int
    content_type: str
    content_encoding: str

    @property
    def media_type(self) -> str:
        """The content type in lower case, without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()


class ResponseSide:
    """One response's bytes. `notes` names what could not be read."""

    __slots__ = (
        "_copy",
        "_decoder",
        "_dialect",
        "_document",
        "_omit",
        "_parser",
        "_stopped",
        "head",
        "notes",
        "pace",
        "size_bytes",
    )

    def __init__(
        self,
        head: ResponseHead,
        limits: CaptureLimits,
        dialect: DialectState,
        *,
        omit: bool,
        begin: Begin | None = None,
    ) -> None:
        self.head = head
        self._dialect = dialect
        self._omit = omit
        self._copy = BodyCopy(0) if omit else BodyCopy(limits.max_body_bytes, begin)
        self._parser: SseParser | None = None
        self._document: BodyCopy | None = None
        self._decoder: Decoder | None = None
        self._stopped = False
        self.notes: list[str] = []
        self.pace = Pace()
        self.size_bytes = 0
        media_type = head.media_type
        if self.is_stream:
            self._parser = SseParser(limits.max_event_bytes)
        elif "json" in media_type or not media_type:
            self._document = BodyCopy(limits.max_decoded_bytes)
        elif head.status >= 400:
            self._document = BodyCopy(min(MAX_ERROR_TEXT_BYTES, limits.max_decoded_bytes))
        if coding_names(head.content_encoding) and self._reads:
            self._decoder = Decoder(head.content_encoding, limits.max_decoded_bytes)

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream of events."""
        return self.head.media_type == EVENT_STREAM

    @property
    def state(self) -> BodyState:
        """What became of the body's copy."""
        if not self.size_bytes:
            return "empty"
        if self._omit:
            return "omitted"
        return self._copy.fate

    @property
    def _reads(self) -> bool:
        return self._parser is not None or self._document is not None

    def feed(self, chunk: bytes, at_s: float) -> None:
        """Some of the body as it came."""
        self.size_bytes += len(chunk)
        self._copy.add(chunk)
        if self._decoder is None:
            self._take(chunk, at_s)
        else:
            for piece in self._decoder.feed(chunk):
                self._take(piece, at_s)

    def stop_reading(self) -> None:
        """Go on counting and keeping bytes, but read no more of them."""
        self._parser = None
        self._document = None
        self._decoder = None
        self._stopped = True

    def part(self) -> BodyPart | None:
        """The bytes to keep, None unless the state is `kept`."""
        if self.state != "kept":
            return None
        head = self.head
        return self._copy.part(head.content_type, head.content_encoding)

    @property
    def large(self) -> LargeBody | None:
        """The body, where it goes elsewhere."""
        return self._copy.large

    def finish(self) -> tuple[ResponseFacts, bool]:
        """What the response says, and whether it is a stream that was cut short."""
        legible = self._decoded()
        if self._parser is not None:
            self._read_events(self._parser.close(), None)
            if self._parser.skipped_total:
                self.notes.append("event_too_large")
        if self._document is not None and legible:
            self._read_document(self._document)
        if self._dialect.malformed_total:
            self.notes.append("event_malformed")
        facts = self._dialect.finish(may_estimate=legible)
        lacks_end = self._parser is not None and self._dialect.marks_end and not facts.ended
        return facts, lacks_end and legible

    def _decoded(self) -> bool:
        """Whether all that came could be decoded; a coding that is merely cut short could."""
        if self._decoder is None:
            return not self._stopped
        self._decoder.finish()
        if self._decoder.failure is not None:
            self.notes.append("response_not_decoded")
        return self._decoder.failure in (None, "truncated")

    def _take(self, piece: bytes, at_s: float) -> None:
        if self._parser is not None:
            self._read_events(self._parser.feed(piece), at_s)
        elif self._document is not None:
            self._document.add(piece)

    def _read_events(self, events: list[Event], at_s: float | None) -> None:
        for event in events:
            if self._dialect.read_event(event) and at_s is not None:
                self.pace.token(at_s)

    def _read_document(self, gathered: BodyCopy) -> None:
        if gathered.outgrown:
            self.notes.append("response_too_large_to_read")
            return
        # A kept copy of what needed no decoding holds the same bytes: joined once for both.
        shared = self._decoder is None and not self._copy.outgrown
        data = self._copy.data() if shared else gathered.data()
        if not data:
            return
        document = load(data)
        if isinstance(document, dict):
            self._dialect.read_document(document)
        elif "json" in self.head.media_type:
            self.notes.append("response_not_json")

    def error_text(self) -> str | None:
        """The beginning of an error in plain text, None if it is anything else."""
        if self.head.media_type != "text/plain" or self._document is None:
            return None
        return short(self._document.data()[:4096].decode("utf-8", "replace"))
