"""The response as it comes down: its copy, decoded and read as events or as one document."""

from collections.abc import Sequence
from typing import Final

from app.record.bodies import BodyPart
from app.record.model import BodyState
from proxy.capture.body_copy import BodyCopy
from proxy.capture.json_body import WHOLE_BYTES, JsonBody
from proxy.capture.large import Begin, LargeBody
from proxy.capture.pace import Pace
from proxy.capture.response_head import EVENT_STREAM, OBJECT_STREAMS, ResponseHead
from proxy.capture.scrubbing import Scrubber, cleaned
from proxy.decoding import Decoder, coding_names
from proxy.dialects.alike import Alike
from proxy.dialects.base import SHOWN, SILENT, DialectState, ResponseFacts, tells_text
from proxy.dialects.fields import load, short
from proxy.exchange import CaptureLimits
from proxy.json_elements import JsonElements
from proxy.json_skim import JsonSkim
from proxy.sse import Event, SseParser

MAX_ERROR_TEXT_BYTES: Final = 64 << 10


class ResponseSide:
    """One response's bytes. `notes` names what could not be read."""

    __slots__ = (
        "_alike",
        "_copy",
        "_decoder",
        "_dialect",
        "_document",
        "_elements",
        "_omit",
        "_parser",
        "_secrets",
        "_stopped",
        "_text",
        "_watch",
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
        in_elements: bool = False,
        secrets: Sequence[bytes] = (),
    ) -> None:
        """`in_elements`: JSON is a stream of objects; `secrets` are kept out of the copy."""
        self.head = head
        self._dialect = dialect
        self._omit = omit
        self._copy = BodyCopy(0) if omit else BodyCopy(limits.max_body_bytes, begin, secrets)
        self._secrets = secrets
        self._watch: Scrubber | None = None
        self._parser: SseParser | None = None
        self._elements: JsonElements | None = None
        self._document: JsonBody | None = None
        self._text: BodyCopy | None = None
        self._decoder: Decoder | None = None
        self._stopped = False
        self.notes: list[str] = []
        self.pace = Pace()
        self.size_bytes = 0
        self._alike: Alike | None = None
        self._choose(limits, in_elements=in_elements)

    def _choose(self, limits: CaptureLimits, *, in_elements: bool) -> None:
        """What reads the body, and what decodes it before that."""
        media_type = self.head.media_type
        if media_type == EVENT_STREAM:
            max_event_bytes = min(limits.max_event_bytes, WHOLE_BYTES)
            self._parser = SseParser(max_event_bytes, JsonSkim)
            if tells_text(self._dialect):
                self._alike = Alike(self._dialect, max_event_bytes)
        elif media_type in OBJECT_STREAMS or (in_elements and "json" in media_type):
            self._elements = JsonElements(limits.max_event_bytes)
        elif "json" in media_type or not media_type:
            self._document = JsonBody(limits.max_decoded_bytes)
        elif self.head.status >= 400:
            self._text = BodyCopy(min(MAX_ERROR_TEXT_BYTES, limits.max_decoded_bytes))
        if coding_names(self.head.content_encoding) and self._reads:
            self._decoder = Decoder(self.head.content_encoding, limits.max_decoded_bytes)
            self._alike = None
            self._watch = Scrubber(self._secrets) if self._secrets else None

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
        readers = (self._parser, self._elements, self._document, self._text)
        return any(reader is not None for reader in readers)

    def feed(self, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        """Keep and read what has come: of events many at a time, which costs half of one by one."""
        size_bytes = sum(map(len, chunks))
        self.size_bytes += size_bytes
        self._copy.extend(chunks, size_bytes)
        first = 0
        while first < len(chunks):
            taken = self._take_alike(chunks, times_s, first)
            if not taken:
                self._decode(chunks[first], times_s[first])
            first += taken or 1

    def _decode(self, chunk: bytes, at_s: float) -> None:
        if self._decoder is None:
            self._take(chunk, at_s)
            return
        for piece in self._decoder.feed(chunk):
            if self._watch is not None:
                self._watch.feed(piece)
            self._take(piece, at_s)

    def stop_reading(self) -> None:
        """Go on counting and keeping bytes, but read no more of them."""
        self._parser = self._elements = self._document = self._text = None
        self._decoder = None
        self._stopped = True

    def part(self) -> BodyPart | None:
        """The bytes to keep, None unless the state is `kept`."""
        if self.state != "kept":
            return None
        head = self.head
        part = self._copy.part(head.content_type, head.content_encoding)
        if part.stored is None and (head.status >= 400 or self._leaks):
            return cleaned(part, self._secrets, is_error=head.status >= 400)
        return part

    @property
    def large(self) -> LargeBody | None:
        """The body, where it goes elsewhere; compressed credentials cannot be taken out of it."""
        large = self._copy.large
        if large is not None and self._leaks:
            large.give_up()
        return large

    @property
    def _leaks(self) -> bool:
        """Whether a credential of the call is in what was decoded."""
        return self._watch is not None and self._watch.found

    def finish(self) -> tuple[ResponseFacts, bool]:
        """What the response says, and whether it is a stream that was cut short."""
        legible = self._decoded()
        if self._parser is not None:
            self._read_events(self._parser.close(), None)
        parts = self._parser or self._elements
        if parts is not None and parts.skipped_total:
            # What was left out may have been the end.
            legible = False
            self.notes.append("event_too_large")
        if self._document is not None and legible:
            self._read_document(self._document)
        if self._text is not None and legible:
            self._read_error_text(self._text)
        if self._dialect.malformed_total:
            self.notes.append("event_malformed")
        facts = self._dialect.finish(may_estimate=legible)
        lacks_end = parts is not None and self._dialect.marks_end and not facts.ended
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
        if (parser := self._parser) is not None:
            begins = parser.between
            events = parser.feed(piece)
            brings = self._read_events(events, at_s)
            if self._alike is not None and events:
                alone = begins and parser.between and len(events) == 1
                self._alike.learn(piece, events[0] if alone else None, brings)
        elif self._elements is not None:
            self._read_events([Event(data) for data in self._elements.feed(piece)], at_s)
        elif self._document is not None:
            self._document.add(piece)
        elif self._text is not None:
            self._text.add(piece)

    def _take_alike(self, chunks: Sequence[bytes], times_s: Sequence[float], first: int) -> int:
        """How many chunks were like the event before them, and are read."""
        alike = self._alike
        if alike is None or self._parser is None or not self._parser.between:
            return 0
        taken, shown_s = alike.take(chunks, times_s, first)
        if taken:
            self._note(alike.brings, shown_s)
        return taken

    def _note(self, brings: int, times_s: Sequence[float]) -> None:
        if brings == SHOWN:
            self.pace.tokens(times_s)
        elif brings and self.pace.first_thought_s is None:
            self.pace.first_thought_s = times_s[0]

    def _read_events(self, events: list[Event], at_s: float | None) -> int:
        """What the last one brings."""
        brings = SILENT
        for event in events:
            brings = self._dialect.read_event(event)
            if brings and at_s is not None:
                self._note(brings, (at_s,))
        return brings

    def _read_document(self, gathered: JsonBody) -> None:
        if gathered.outgrown:
            self.notes.append("response_too_large_to_read")
            return
        if gathered.is_empty:
            return
        document = gathered.document()
        if isinstance(document, dict):
            self._dialect.read_document(document)
        elif "json" in self.head.media_type:
            self.notes.append("response_not_json")

    def _read_error_text(self, gathered: BodyCopy) -> None:
        """An error that is JSON though its content type does not say so."""
        document = load(gathered.data())
        if isinstance(document, dict):
            self._dialect.read_document(document)

    def error_text(self) -> str | None:
        """The beginning of an error in plain text, None if it is anything else."""
        if self.head.media_type != "text/plain" or self._text is None:
            return None
        return short(self._text.data()[:4096].decode("utf-8", "replace"))
