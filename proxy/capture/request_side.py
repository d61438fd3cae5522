"""The request as it goes up: its copy, and what its body says."""

from app.record.bodies import BodyPart
from app.record.model import BodyState
from proxy.capture.body_copy import BodyCopy
from proxy.capture.large import Begin, LargeBody
from proxy.decoding import Decoder, coding_names
from proxy.dialects.base import DialectState, RequestFacts
from proxy.dialects.fields import load
from proxy.exchange import CallMeta, CaptureLimits


class RequestSide:
    """One request's bytes. `notes` names what could not be read."""

    __slots__ = (
        "_copy",
        "_dialect",
        "_facts",
        "_limits",
        "_meta",
        "_parsed",
        "notes",
        "size_bytes",
    )

    def __init__(
        self,
        meta: CallMeta,
        limits: CaptureLimits,
        dialect: DialectState,
        begin: Begin | None = None,
    ) -> None:
        self._meta = meta
        self._limits = limits
        self._dialect = dialect
        self._copy = BodyCopy(0) if meta.omit_request else BodyCopy(limits.max_body_bytes, begin)
        self._parsed: BodyCopy | None = BodyCopy(limits.max_decoded_bytes)
        self._facts: RequestFacts | None = None
        self.notes: list[str] = []
        self.size_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Some of the body; a body that is no JSON is not gathered for reading."""
        first = self.size_bytes == 0
        self.size_bytes += len(chunk)
        self._copy.add(chunk)
        if first and not self._may_be_json(chunk):
            self._parsed = None
        if self._parsed is not None:
            self._parsed.add(chunk)

    def read(self) -> RequestFacts:
        """What the body says, read once; what was gathered for reading alone is let go."""
        if self._facts is None:
            gathered, self._parsed = self._parsed, None
            self._facts = RequestFacts()
            if gathered is not None and self.size_bytes:
                self._facts = self._read(gathered)
        return self._facts

    @property
    def state(self) -> BodyState:
        """What became of the body's copy."""
        if not self.size_bytes:
            return "empty"
        if self._meta.omit_request:
            return "omitted"
        return self._copy.fate

    def part(self) -> BodyPart | None:
        """The bytes to keep, None unless the state is `kept`."""
        if self.state != "kept":
            return None
        meta = self._meta
        return self._copy.part(meta.request_content_type, meta.request_content_encoding)

    @property
    def large(self) -> LargeBody | None:
        """The body, where it goes elsewhere."""
        return self._copy.large

    def _may_be_json(self, first_chunk: bytes) -> bool:
        if "json" in self._meta.request_content_type.lower():
            return True
        return first_chunk[:64].lstrip()[:1] == b"{"

    def _read(self, gathered: BodyCopy) -> RequestFacts:
        if gathered.outgrown:
            self.notes.append("request_too_large_to_read")
            return RequestFacts()
        # A kept copy holds the same bytes: joined once for both.
        data = gathered.data() if self._copy.outgrown else self._copy.data()
        if coding_names(self._meta.request_content_encoding):
            decoder = Decoder(self._meta.request_content_encoding, self._limits.max_decoded_bytes)
            data = b"".join(decoder.feed(data))
            decoder.finish()
            if decoder.failure is not None:
                self.notes.append("request_not_decoded")
                return RequestFacts()
        document = load(data)
        if not isinstance(document, dict):
            self.notes.append("request_not_json")
            return RequestFacts()
        return self._dialect.read_request(document)
